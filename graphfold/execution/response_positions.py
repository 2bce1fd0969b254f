"""Where values sit in the answer. Paths, order and the way up are worked out only when something fails."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Protocol

from graphql import GraphQLResolveInfo
from graphql.pyutils import Path

from graphfold.execution.plan import Selection, Step

__all__ = [
    "FallbackPositions",
    "FieldPositions",
    "ItemPositions",
    "LazyInfo",
    "Level",
    "PositionSubset",
    "Positions",
    "located_info",
]

Order = tuple[int, ...]


class Positions(Protocol):
    """A list of values somewhere in the answer, each with an index."""

    step: Step
    type: Any

    def put(self, i: int, value: Any) -> None: ...
    def put_all(self, values: list[Any]) -> None: ...
    def path(self, i: int) -> Path: ...
    def field_path(self, i: int) -> Path: ...
    def order(self, i: int) -> Order: ...
    def up(self, i: int) -> tuple[Positions, int] | None: ...
    def null(self, i: int) -> None: ...
    def gone(self, i: int) -> bool: ...
    def parent(self, i: int) -> Any: ...


class Level:
    """The objects of one selection at one place, and the rows that are being filled for them."""

    __slots__ = ("dead", "objects", "positions", "rows", "selection")

    def __init__(self, selection: Selection, objects: list[Any], positions: Positions | None) -> None:
        self.selection, self.objects, self.positions = selection, objects, positions
        self.rows: list[dict[str, Any]] = []
        self.dead: set[int] = set()


class FieldPositions:
    """Value i is the field of row i."""

    __slots__ = ("_nulled", "level", "step", "type")

    def __init__(self, level: Level, step: Step) -> None:
        self.level, self.step, self.type = level, step, step.type
        self._nulled: set[int] = set()

    def parent(self, i: int) -> Any:
        return self.level.objects[i]

    def put(self, i: int, value: Any) -> None:
        self.level.rows[i][self.step.key] = value

    def put_all(self, values: list[Any]) -> None:
        key = self.step.key
        for row, value in zip(self.level.rows, values, strict=True):
            row[key] = value

    def path(self, i: int) -> Path:
        above = self.level.positions.path(i) if self.level.positions else None
        return Path(above, self.step.key, self.step.parent.name)

    def field_path(self, i: int) -> Path:
        return self.path(i)

    def order(self, i: int) -> Order:
        above = self.level.positions.order(i) if self.level.positions else ()
        return (*above, self.step.order)

    def up(self, i: int) -> tuple[Positions, int] | None:
        self.level.dead.add(i)
        return (self.level.positions, i) if self.level.positions else None

    def null(self, i: int) -> None:
        self.put(i, None)
        self._nulled.add(i)

    def gone(self, i: int) -> bool:
        """Has this position, or one above it, been nulled by an error?"""
        above = self.level.positions
        return i in self._nulled or (above is not None and above.gone(i))


class ItemPositions:
    """Value i is an item of one of several lists, numbered through."""

    __slots__ = ("_ends", "_lists", "_nulled", "_parent", "step", "type")

    def __init__(self, parent: Positions, lists: list[list[Any]], item_type: Any) -> None:
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

    def up(self, i: int) -> tuple[Positions, int] | None:
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


class PositionSubset:
    """A part of another place: its value i is that place's value index[i]."""

    __slots__ = ("_index", "_place", "step", "type")

    def __init__(self, positions: Positions, index: list[int]) -> None:
        self.step, self.type = positions.step, positions.type
        self._place, self._index = positions, index

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

    def up(self, i: int) -> tuple[Positions, int] | None:
        return self._place.up(self._index[i])

    def null(self, i: int) -> None:
        self._place.null(self._index[i])

    def gone(self, i: int) -> bool:
        return self._place.gone(self._index[i])


class FallbackPositions(PositionSubset):
    """Those whose field has failed, and is answered by its fallback: what fails now has no other."""


class LazyInfo:
    """A `GraphQLResolveInfo` whose path is built when it is asked for."""

    __slots__ = ("_base", "_i", "_place", "context")

    def __init__(self, base: GraphQLResolveInfo[Any], positions: Positions, i: int) -> None:
        self.context, self._base, self._place, self._i = base.context, base, positions, i

    @property
    def path(self) -> Path:
        return self._place.path(self._i)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._base, name)


def located_info(base: GraphQLResolveInfo[Any], path: Path) -> GraphQLResolveInfo[Any]:
    """The real thing, for functions that are not ours."""
    return base._replace(path=path)
