"""One operation's cache: bounded, timed, aware of fields and of writes, with calls under way shared.

The answers of one call are one lot, which knows the OnDemand fields it was asked with: a narrower question is answered
from a wider lot, never the other way round. A write `forget`s a key: answers and calls from before are then void, also
those still under way, for every viewer and every argument. Keys come many at a time, as they do in a batch, and what
can be said of the call is never said of a key: that is what makes a hit cheap.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from weakref import WeakValueDictionary

from graphfold.cache.changes import Changes
from graphfold.cache.freshness import Freshness
from graphfold.cache.lot import Life, Lot, Slot
from graphfold.cache.parts import Parts
from graphfold.cache.shelf import Shelf
from graphfold.cache.terms import Terms
from graphfold.cache.validators import Validators

__all__ = ["Store"]

JITTER = 0.1
"""The part of a ttl that is cut off at most, by chance: what was asked for together does not end together for good."""


class Store:
    """The lots of one operation of a backend. `timer` in seconds, `chance` from 0 to 1."""

    def __init__(self, terms: Terms, timer: Callable[[], float], chance: Callable[[], float] = random.random) -> None:
        self.terms, self.timer, self._chance = terms, timer, chance
        self.changes = Changes(terms.cache_size)
        self.validators = Validators(terms.cache_bytes, lambda: terms.cache_bytes - self._bytes)
        self._lots: OrderedDict[Lot, None] = OrderedDict()
        self._rows = self._bytes = 0
        self._slots: WeakValueDictionary[Hashable, Slot] = WeakValueDictionary()

    def shelf(self, slot: Hashable, parts: Parts | None = None) -> Shelf:
        """What is remembered for one kind of viewer and one set of arguments. `parts` are told what is used of it."""
        found = self._slots.get(slot)
        if found is None:
            found = self._slots[slot] = Slot()
        return Shelf(self, slot, found, parts or Parts())

    def forget(self, key: Hashable) -> None:
        """The key has changed (or everything, with ALL_KEYS)."""
        self.changes.add(key)
        self.validators.clear()

    def spared(self, keys: Collection[Hashable], since: int) -> bool:
        """Was none of these keys forgotten since this moment?"""
        return self.changes.spare_all(keys, since)

    def life(self, freshness: Freshness, *, negative: bool) -> Life:
        """Of answers that came just now: by what was declared, and shorter where the backend says so."""
        terms, now = self.terms, self.timer()
        ttl = terms.longest_negative if negative else terms.ttl
        ends = now + min(ttl * (1 - JITTER * self._chance()), freshness.lifetime)
        if negative or freshness.strict:
            return Life(now - freshness.age, ends, ends, ends)
        return Life(now - freshness.age, ends, ends + terms.stale, ends + terms.stale_if_error)

    def admit(self, lot: Lot, *, negative: bool) -> None:
        """Keep a lot, in place of the oldest where there is no room; not one that would drive out all others.

        What is missing is so with all of its fields: nothing stands in for it that knew more.
        """
        if lot.size > self.terms.cache_bytes or lot.gone <= self.timer():
            return
        self._make_room(lot)
        for emptied in lot.shelve(_never if negative else self._stands):
            self._drop(emptied)
        self._lots[lot] = None
        self._rows += lot.rows
        self._bytes += lot.size
        self.validators.fit()

    def _stands(self, key: Hashable, lot: Lot) -> bool:
        return self.timer() < lot.gone and self.changes.spare(key, lot.began)

    def _make_room(self, new: Lot) -> None:
        """Drop what has ended, then what is oldest; what was asked for since the last time gets another round."""
        lots, now, terms = self._lots, self.timer(), self.terms
        while lots:
            lot = next(iter(lots))
            if now < lot.gone and not self.changes.void_all(lot.began):
                if self._rows + new.rows <= terms.cache_size and self._bytes + new.size <= terms.cache_bytes:
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
        self._bytes -= lot.size
        lot.slot.dropped(lot.fields)

    def __len__(self) -> int:
        """Answers that are still good."""
        now = self.timer()
        return sum(lot.left for lot in self._lots if now < lot.ends and not self.changes.void_all(lot.began))


def _never(_key: Hashable, _lot: Lot) -> bool:
    return False
