"""The answers of one call: they came together, end together, and leave the cache together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Life", "Lot", "Slot", "Stands", "fitting", "rows_in"]


@dataclass(frozen=True, slots=True)
class Life:
    """Times on the store's clock: when the answers were made, until when they are good, until when they are told while
    new ones are fetched (`stale`), and until when they stand in for a failed call (`on_error`).
    """

    made: float
    ends: float
    stale: float
    on_error: float


Stands = Callable[[Hashable, "Lot"], bool]
"""Whether this lot may still be told of this key, late if not in time."""


class Slot:
    """What is remembered, and what is under way, for one kind of viewer and one set of arguments: by key."""

    __slots__ = ("__weakref__", "aside", "flights", "kept", "lots", "widths")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Lot] = {}
        self.aside: dict[Hashable, Lot] = {}
        """Lots that have ended, know more fields than the one that is kept, and may stand in for a failed call."""
        self.flights: dict[Hashable, Any] = {}
        self.lots = 0
        """How many were ever kept."""
        self.widths: Counter[frozenset[str]] = Counter()
        """How many lots were kept with these fields and have not been dropped."""

    def knowing(self, key: Hashable, fields: frozenset[str]) -> Lot | None:
        """The lot that is kept or, unless it knows these fields, the one that stands aside."""
        lot = self.kept.get(key)
        return lot if lot is not None and fields <= lot.fields else self.aside.get(key)

    def wider(self, fields: frozenset[str]) -> bool:
        """Whether any lot knows more fields than these; mostly all know the same."""
        widths = self.widths
        return len(widths) > (fields in widths) and any(fields < known for known in widths)

    def dropped(self, fields: frozenset[str]) -> None:
        """A lot with these fields has left the cache."""
        self.widths[fields] -= 1
        if not self.widths[fields]:
            del self.widths[fields]


class Lot:
    """One record for many keys. `values` are never written to: whoever waited for the call has the same mapping.

    `began` is the moment of the call, `gone` the time from which nobody wants it, `left` the keys that no later lot has
    taken over. `size` in bytes is estimated. `used`: it was asked for since it was last looked at for room.
    """

    __slots__ = ("began", "ends", "fields", "gone", "left", "life", "rows", "size", "slot", "used", "values")

    def __init__(
        self,
        slot: Slot,
        values: Mapping[Hashable, Any],
        fields: frozenset[str],
        began: int,
        life: Life,
        rows: int,
        size: int,
    ) -> None:
        self.slot, self.values, self.fields = slot, values, fields
        self.began, self.life, self.ends = began, life, life.ends
        self.gone = max(life.ends, life.stale, life.on_error)
        self.rows, self.size = rows, size
        self.left = len(values)
        self.used = False

    def shelve(self, stands: Stands) -> list[Lot]:
        """Its keys are found here from now on, and a lot that knows more beside it, as long as that `stands` in.

        Gives the lots that nothing is found in any more.
        """
        slot, kept = self.slot, self.slot.kept
        more = slot.aside or slot.wider(self.fields)
        emptied = [lot for lot in self._set_aside(stands) if not lot.left] if more else []
        emptied += [] if kept.keys().isdisjoint(self.values) else [lot for lot in self._others() if not lot.left]
        kept.update(dict.fromkeys(self.values, self))
        slot.widths[self.fields] += 1
        return emptied

    def _set_aside(self, stands: Stands) -> set[Lot]:
        """Gives the lots that stood aside until now."""
        kept, aside, others = self.slot.kept, self.slot.aside, set[Lot]()
        for key in self.values:
            old, last = aside.get(key), kept.get(key)
            if old is not None and not (self.fields < old.fields and stands(key, old)):
                del aside[key]
                old.left -= 1
                others.add(old)
            if key not in aside and last is not None and self.fields < last.fields and stands(key, last):
                aside[key] = kept.pop(key)
        return others

    def _others(self) -> set[Lot]:
        kept, others = self.slot.kept, set[Lot]()
        for key in kept.keys() & self.values.keys():
            other = kept[key]
            other.left -= 1
            others.add(other)
        return others

    def leave(self) -> None:
        """Nothing is found in it from now on."""
        kept, aside = self.slot.kept, self.slot.aside
        if not aside and self.left == len(kept):
            kept.clear()
            return
        for found in (kept, aside):
            for key in self.values if found else ():
                if found.get(key) is self:
                    del found[key]


def rows_in(values: Mapping[Any, Any]) -> int:
    """How many rows there are; a page or a list counts its own, at least one."""
    kinds = set(map(type, values.values()))
    if any(kind is list or hasattr(kind, "items") for kind in kinds):
        return sum(map(_rows, values.values()))
    return len(values)


def fitting(values: Mapping[Any, Any], most: int) -> dict[Any, Any]:
    """As many of the values as have room, in rows, the last ones first."""
    found: dict[Any, Any] = {}
    for key in reversed(list(values)):
        rows = _rows(values[key])
        if rows <= most:
            found[key] = values[key]
            most -= rows
    return found


def _rows(value: Any) -> int:
    listed = value if isinstance(value, list) else getattr(value, "items", None)
    return len(listed) or 1 if isinstance(listed, list) else 1
