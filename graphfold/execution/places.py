"""Where values sit in the answer. Paths, order and the way up are worked out only when something fails."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Protocol

from graphql.pyutils import Path

from graphfold.execution.plan import Selection, Step

__all__ = ["Fallen", "FieldPlace", "Frame", "ItemPlace", "Place", "Some"]

Order = tuple[int, ...]


class Place(Protocol):
    """A list of values somewhere in the answer, each with an index."""

    step: Step
    type: Any

    def put(self, i: int, value: Any) -> None: ...
    def put_all(self, values: list[Any]) -> None: ...
    def path(self, i: int) -> Path: ...
    def field_path(self, i: int) -> Path: ...
    def order(self, i: int) -> Order: ...
    def up(self, i: int) -> tuple[Place, int] | None: ...
    def null(self, i: int) -> None: ...
    def gone(self, i: int) -> bool: ...
    def parent(self, i: int) -> Any: ...


class Frame:
    """The objects of one selection at one place, and the rows that are being filled for them."""

    __slots__ = ("dead", "objects", "place", "rows", "selection")

    def __init__(self, selection: Selection, objects: list[Any], place: Place | None) -> None:
        self.selection, self.objects, self.place = selection, objects, place
        self.rows: list[dict[str, Any]] = []
        self.dead: set[int] = set()


class FieldPlace:
    """Value i is the field of row i."""

    __slots__ = ("_nulled", "frame", "step", "type")

    def __init__(self, frame: Frame, step: Step) -> None:
        self.frame, self.step, self.type = frame, step, step.type
        self._nulled: set[int] = set()

    def parent(self, i: int) -> Any:
        return self.frame.objects[i]

    def put(self, i: int, value: Any) -> None:
        self.frame.rows[i][self.step.key] = value

    def put_all(self, values: list[Any]) -> None:
        key = self.step.key
        for row, value in zip(self.frame.rows, values, strict=True):
            row[key] = value

    def path(self, i: int) -> Path:
        above = self.frame.place.path(i) if self.frame.place else None
        return Path(above, self.step.key, self.step.parent.name)

    def field_path(self, i: int) -> Path:
        return self.path(i)

    def order(self, i: int) -> Order:
        above = self.frame.place.order(i) if self.frame.place else ()
        return (*above, self.step.order)

    def up(self, i: int) -> tuple[Place, int] | None:
        self.frame.dead.add(i)
        return (self.frame.place, i) if self.frame.place else None

    def null(self, i: int) -> None:
        self.put(i, None)
        self._nulled.add(i)

    def gone(self, i: int) -> bool:
        """Has this position, or one above it, been nulled by an error?"""
        above = self.frame.place
        return i in self._nulled or (above is not None and above.gone(i))


class ItemPlace:
    """Value i is an item of one of several lists, numbered through."""

    __slots__ = ("_ends", "_lists", "_nulled", "_parent", "step", "type")

    def __init__(self, parent: Place, lists: list[list[Any]], item_type: Any) -> None:
        self.step, self.type = parent.step, item_type
        self._parent, self._lists = parent, lists
        self._ends: list[int] | None = None
        self._nulled: set[int] = set()

    def parent(self, i: int) -> Any:
        return self._parent.parent(self._find(i)[0])

    def put(self, i: int, value: Any) -> None:
        at, index = self._find(i)
        self._lists[at][index] = value

    def put_all(self, values: list[Any]) -> None:
        at = 0
        for items in self._lists:
            size = len(items)
            items[:] = values[at : at + size]
            at += size

    def path(self, i: int) -> Path:
        at, index = self._find(i)
        return self._parent.path(at).add_key(index, None)

    def field_path(self, i: int) -> Path:
        return self._parent.field_path(self._find(i)[0])

    def order(self, i: int) -> Order:
        at, index = self._find(i)
        return (*self._parent.order(at), index)

    def up(self, i: int) -> tuple[Place, int] | None:
        return self._parent, self._find(i)[0]

    def null(self, i: int) -> None:
        self.put(i, None)
        self._nulled.add(i)

    def gone(self, i: int) -> bool:
        return i in self._nulled or self._parent.gone(self._find(i)[0])

    def _find(self, i: int) -> tuple[int, int]:
        """Which list the value is in, and at which index."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self._lists)))
        at = bisect_right(self._ends, i)
        return at, i - (self._ends[at - 1] if at else 0)


class Some:
    """A part of another place: its value i is that place's value index[i]."""

    __slots__ = ("_index", "_place", "step", "type")

    def __init__(self, place: Place, index: list[int]) -> None:
        self.step, self.type = place.step, place.type
        self._place, self._index = place, index

    def parent(self, i: int) -> Any:
        return self._place.parent(self._index[i])

    def put(self, i: int, value: Any) -> None:
        self._place.put(self._index[i], value)

    def put_all(self, values: list[Any]) -> None:
        put = self._place.put
        for i, value in zip(self._index, values, strict=True):
            put(i, value)

    def path(self, i: int) -> Path:
        return self._place.path(self._index[i])

    def field_path(self, i: int) -> Path:
        return self._place.field_path(self._index[i])

    def order(self, i: int) -> Order:
        return self._place.order(self._index[i])

    def up(self, i: int) -> tuple[Place, int] | None:
        return self._place.up(self._index[i])

    def null(self, i: int) -> None:
        self._place.null(self._index[i])

    def gone(self, i: int) -> bool:
        return self._place.gone(self._index[i])


class Fallen(Some):
    """Those whose field has failed, and is answered by its fallback: what fails now has no other."""
