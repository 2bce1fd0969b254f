"""Know where values are in the response. Paths, order and the way up are worked out only when something fails.

`Positions` number the values of a level through, one implementation for each shape:

    FieldPositions     value i is the field `step` of object i of a `Level`
    ItemPositions      value i is an item of one of the lists of other positions
    PositionSubset     value i is value indexes[i] of other positions
    FallbackPositions  a subset that is answered by the field's fallback
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import Any, Protocol

from graphql import GraphQLOutputType
from graphql.pyutils import Path

from graphfold.execution.plan import Selection, Step

__all__ = ["FallbackPositions", "FieldPositions", "ItemPositions", "Level", "PositionSubset", "Positions"]

Order = tuple[int, ...]
"""A path as numbers, which sort in the order of the document."""


class Positions(Protocol):
    """The positions of a list of values in the response; `i` is an index of that list."""

    step: Step
    type: GraphQLOutputType

    def put(self, i: int, value: Any, /) -> None:
        """Put a completed value into the response."""
        ...

    def put_all(self, values: list[Any], /) -> None: ...

    def path(self, i: int, /) -> Path: ...

    def field_path(self, i: int, /) -> Path:
        """Return the path of the field, without the indexes of its lists."""
        ...

    def order(self, i: int, /) -> Order: ...

    def up(self, i: int, /) -> tuple[Positions, int] | None:
        """Return the position above; None at the root of the response."""
        ...

    def null(self, i: int, /) -> None:
        """Put null, because of an error here or below."""
        ...

    def is_nulled(self, i: int, /) -> bool:
        """Return whether an error has nulled this position, or one above it."""
        ...

    def parent(self, i: int, /) -> Any:
        """Return the object whose field this is."""
        ...


class Level:
    """The objects of one selection at one place of the response, and the rows that are being filled for them.

    `nulled` are the objects, by index, that an error below has made null. `positions` is None for the root.
    """

    __slots__ = ("nulled", "objects", "positions", "rows", "selection")

    def __init__(self, selection: Selection, objects: list[Any], positions: Positions | None) -> None:
        self.selection, self.objects, self.positions = selection, objects, positions
        self.rows: list[dict[str, Any]] = []
        self.nulled: set[int] = set()


class FieldPositions:
    """Value i is the field of object i of a level."""

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
        self.level.nulled.add(i)
        return (self.level.positions, i) if self.level.positions else None

    def null(self, i: int) -> None:
        self.put(i, None)
        self._nulled.add(i)

    def is_nulled(self, i: int) -> bool:
        above = self.level.positions
        return i in self._nulled or (above is not None and above.is_nulled(i))


class ItemPositions:
    """Value i is an item of one of several lists, numbered through."""

    __slots__ = ("_ends", "_lists", "_nulled", "_parent", "step", "type")

    def __init__(self, parent: Positions, lists: list[list[Any]], item_type: GraphQLOutputType) -> None:
        self.step, self.type = parent.step, item_type
        self._parent, self._lists = parent, lists
        self._ends: list[int] | None = None
        self._nulled: set[int] = set()

    def parent(self, i: int) -> Any:
        return self._parent.parent(self._find(i)[0])

    def put(self, i: int, value: Any) -> None:
        number, index = self._find(i)
        self._lists[number][index] = value

    def put_all(self, values: list[Any]) -> None:
        start = 0
        for items in self._lists:
            size = len(items)
            items[:] = values[start : start + size]
            start += size

    def path(self, i: int) -> Path:
        number, index = self._find(i)
        return self._parent.path(number).add_key(index, None)

    def field_path(self, i: int) -> Path:
        return self._parent.field_path(self._find(i)[0])

    def order(self, i: int) -> Order:
        number, index = self._find(i)
        return (*self._parent.order(number), index)

    def up(self, i: int) -> tuple[Positions, int] | None:
        return self._parent, self._find(i)[0]

    def null(self, i: int) -> None:
        self.put(i, None)
        self._nulled.add(i)

    def is_nulled(self, i: int) -> bool:
        return i in self._nulled or self._parent.is_nulled(self._find(i)[0])

    def _find(self, i: int) -> tuple[int, int]:
        """Return the number of the list that holds the value, and the value's index in it."""
        if self._ends is None:
            self._ends = list(accumulate(map(len, self._lists)))
        number = bisect_right(self._ends, i)
        return number, i - (self._ends[number - 1] if number else 0)


class PositionSubset:
    """Some of other positions: value i is their value indexes[i]."""

    __slots__ = ("_indexes", "_positions", "step", "type")

    def __init__(self, positions: Positions, indexes: list[int]) -> None:
        self.step, self.type = positions.step, positions.type
        self._positions, self._indexes = positions, indexes

    def parent(self, i: int) -> Any:
        return self._positions.parent(self._indexes[i])

    def put(self, i: int, value: Any) -> None:
        self._positions.put(self._indexes[i], value)

    def put_all(self, values: list[Any]) -> None:
        put = self._positions.put
        for i, value in zip(self._indexes, values, strict=True):
            put(i, value)

    def path(self, i: int) -> Path:
        return self._positions.path(self._indexes[i])

    def field_path(self, i: int) -> Path:
        return self._positions.field_path(self._indexes[i])

    def order(self, i: int) -> Order:
        return self._positions.order(self._indexes[i])

    def up(self, i: int) -> tuple[Positions, int] | None:
        return self._positions.up(self._indexes[i])

    def null(self, i: int) -> None:
        self._positions.null(self._indexes[i])

    def is_nulled(self, i: int) -> bool:
        return self._positions.is_nulled(self._indexes[i])


class FallbackPositions(PositionSubset):
    """Positions that a field's fallback answers. A value that fails here has no second fallback."""
