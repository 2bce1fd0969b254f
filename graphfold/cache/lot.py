"""The answers of one call: they came together, end together, and leave the cache together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Life", "Lot", "Slot", "fitting", "rows_in"]


@dataclass(frozen=True, slots=True)
class Life:
    """Times on the store's clock: when the answers were made, until when they are good, until when they are told while
    new ones are fetched (`stale`), and until when they stand in for a failed call (`on_error`).
    """

    made: float
    ends: float
    stale: float
    on_error: float


class Slot:
    """What is remembered, and what is under way, for one kind of viewer and one set of arguments: by key."""

    __slots__ = ("__weakref__", "flights", "kept", "widths")

    def __init__(self) -> None:
        self.kept: dict[Hashable, Lot] = {}
        self.flights: dict[Hashable, Any] = {}
        self.widths: Counter[frozenset[str]] = Counter()
        """How many lots were kept with these fields and have not been dropped."""

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

    def shelve(self) -> list[Lot]:
        """Its keys are found here from now on. Gives the lots that nothing is found in any more."""
        kept = self.slot.kept
        emptied = [] if kept.keys().isdisjoint(self.values) else [lot for lot in self._others() if not lot.left]
        kept.update(dict.fromkeys(self.values, self))
        self.slot.widths[self.fields] += 1
        return emptied

    def _others(self) -> set[Lot]:
        kept, others = self.slot.kept, set[Lot]()
        for key in kept.keys() & self.values.keys():
            other = kept[key]
            other.left -= 1
            others.add(other)
        return others

    def leave(self) -> None:
        """Nothing is found in it from now on."""
        kept = self.slot.kept
        if self.left == len(kept):
            kept.clear()
            return
        for key in self.values:
            if kept.get(key) is self:
                del kept[key]


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
