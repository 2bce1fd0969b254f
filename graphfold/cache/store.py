"""One operation's cache: bounded, timed, aware of fields and of writes, with calls under way shared.

The answers of one call are one lot, which knows the OnDemand fields it was asked with: a narrower question is answered
from a wider lot, never the other way round. A write `forget`s a key: answers and calls from before are then void, also
those still under way, for every viewer and every argument. Keys come many at a time, as they do in a batch, and what
can be said of the call is never said of a key: that is what makes a hit cheap.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from weakref import WeakValueDictionary

from graphfold.cache.changes import Changes
from graphfold.cache.lot import Lot, Slot
from graphfold.cache.parts import Parts
from graphfold.cache.shelf import Shelf

__all__ = ["Store"]


class Store:
    """The lots of one operation of a backend. `ttl` in seconds, `size` in rows."""

    def __init__(self, ttl: float, size: int, timer: Callable[[], float]) -> None:
        self.ttl, self.size, self.timer = ttl, size, timer
        self.changes = Changes(size)
        self._lots: OrderedDict[Lot, None] = OrderedDict()
        self._rows = 0
        self._slots: WeakValueDictionary[Hashable, Slot] = WeakValueDictionary()

    def shelf(self, slot: Hashable, parts: Parts | None = None) -> Shelf:
        """What is remembered for one kind of viewer and one set of arguments. `parts` are told what is used of it."""
        found = self._slots.get(slot)
        if found is None:
            found = self._slots[slot] = Slot()
        return Shelf(self, found, parts or Parts())

    def forget(self, key: Hashable) -> None:
        """The key has changed (or everything, with ALL_KEYS)."""
        self.changes.add(key)

    def spared(self, keys: Collection[Hashable], since: int) -> bool:
        """Was none of these keys forgotten since this moment?"""
        return self.changes.spare_all(keys, since)

    def admit(self, lot: Lot) -> None:
        """Keep a lot, in place of the oldest where there is no room."""
        self._make_room(lot.rows)
        for emptied in lot.shelve():
            self._drop(emptied)
        self._lots[lot] = None
        self._rows += lot.rows

    def _make_room(self, rows: int) -> None:
        """Drop what has ended, then what is oldest; what was asked for since the last time gets another round."""
        lots, now = self._lots, self.timer()
        while lots:
            lot = next(iter(lots))
            if now < lot.ends and not self.changes.void_all(lot.began):
                if self._rows + rows <= self.size:
                    return
                if lot.used:
                    lot.used = False
                    lots.move_to_end(lot)
                    continue
            self._drop(lot)
            lot.leave()

    def _drop(self, lot: Lot) -> None:
        del self._lots[lot]
        self._rows -= lot.rows

    def __len__(self) -> int:
        """Answers that are still good."""
        now = self.timer()
        return sum(lot.left for lot in self._lots if now < lot.ends and not self.changes.void_all(lot.began))
