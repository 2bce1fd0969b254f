"""What a batch function is handed, and what it uses to hand its answer back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, TypeVar, overload

from graphfold.errors import BackendBadReply, BackendError, GraphError
from graphfold.rows.row import Row
from graphfold.rows.selection import wire_names, wire_selection

__all__ = ["OTHERS", "Keys", "by", "each", "group"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")

OTHERS: Any = object()
"""In a mapping that `by` makes: the error of all keys that are not in it. Which of them it is about nobody knows."""


class Keys(list[K]):
    """The distinct keys of one call, and which OnDemand fields the query wants."""

    __slots__ = ("asked",)

    def __init__(self, keys: Iterable[K], asked: Callable[[type[Row[Any]]], frozenset[str]]) -> None:
        super().__init__(keys)
        self.asked = asked

    def wire(self, row: type[Row[Any]]) -> str:
        """The wanted fields in the backend's names, comma-joined: for sparse fieldsets."""
        return wire_names(row, self.asked(row))

    def selection(self, row: type[Row[Any]]) -> str:
        """The wanted fields as a GraphQL selection in the backend's names."""
        return wire_selection(row, self.asked(row))


@overload
def by(rows: Iterable[V | BackendError], key: Callable[[V], K]) -> dict[K, V]: ...
@overload
def by(rows: Iterable[V | BackendError], key: Callable[[V], K], value: Callable[[V], W]) -> dict[K, W]: ...
def by(rows: Iterable[Any], key: Callable[[Any], K], value: Callable[[Any], Any] | None = None) -> dict[K, Any]:
    """One row per key, or what `value` makes of it. Two rows for one key are that key's error: one would be lost.

    An error among the rows is that of the keys without a row. So go over the result with `value`, not afterwards.
    """
    found: dict[K, Any] = {}
    for row in rows:
        if isinstance(row, GraphError):
            _lose(found, row)
            continue
        k = key(row)
        found[k] = answered_twice(k) if k in found else row if value is None else value(row)
    return found


def _lose(found: dict[Any, Any], error: GraphError) -> None:
    """The first one counts; that something is missing is known without it."""
    if error.code != "NOT_FOUND":
        found.setdefault(OTHERS, error)


def answered_twice(key: object) -> BackendBadReply:
    """A key's value where there are two."""
    return BackendBadReply("The backend answered one key twice.", internal=f"key {key!r}")


def group(rows: Iterable[V | BackendError], key: Callable[[V], K]) -> dict[K, list[V]]:
    """The rows of each key, in the backend's order. Raises an error among them: any list may lack its row."""
    found: dict[K, list[V]] = {}
    for row in rows:
        if isinstance(row, GraphError):
            raise row
        found.setdefault(key(row), []).append(row)
    return found


async def each(keys: Iterable[K], one: Callable[[K], Awaitable[V]], *, parallel: int = 32) -> dict[K, V | BackendError]:
    """For a backend without a batch: one call per key, at most `parallel` at once, so that others find a place, too.

    A key whose call fails has its error as its value; the others are not touched. `NotFound` means "not there".
    """
    outcomes: dict[K, Any] = dict.fromkeys(keys)
    waiting = iter(list(outcomes))

    async def in_turn() -> None:
        for key in waiting:
            outcomes[key] = await _outcome(one, key)

    await asyncio.gather(*(in_turn() for _ in range(min(parallel, len(outcomes)))))
    return {key: value for key, value in outcomes.items() if not _is_missing(value)}


async def _outcome(one: Callable[[K], Awaitable[V]], key: K) -> Any:
    try:
        return await one(key)
    except Exception as error:
        return error  # each key has its own outcome; gather would leave the other calls running behind our back


def _is_missing(value: object) -> bool:
    return isinstance(value, GraphError) and value.code == "NOT_FOUND"
