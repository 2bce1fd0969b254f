"""What a batch function takes, `Keys`, and the helpers that make its mapping of results: `by`, `group` and `each`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, TypeVar, overload

from graphfold.errors import BackendBadReply, BackendError, GraphError
from graphfold.rows.row import Row
from graphfold.rows.selection import wire_names, wire_selection

__all__ = ["UNMATCHED", "Keys", "by", "duplicate_key_error", "each", "group"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
W = TypeVar("W")

UNMATCHED: Any = object()
"""In a mapping made by `by`: the error of all keys without a row, because it is unknown which of them it concerns."""


class Keys(list[K]):
    """The distinct keys of one call, with the OnDemand fields that the query requests."""

    __slots__ = ("requested_fields",)

    def __init__(self, keys: Iterable[K], requested_fields: Callable[[type[Row[Any]]], frozenset[str]]) -> None:
        super().__init__(keys)
        self.requested_fields = requested_fields

    def wire(self, row: type[Row[Any]]) -> str:
        """Return the requested fields in the backend's names, comma-joined: for sparse fieldsets."""
        return wire_names(row, self.requested_fields(row))

    def selection(self, row: type[Row[Any]]) -> str:
        """Return the requested fields as a GraphQL selection in the backend's names."""
        return wire_selection(row, self.requested_fields(row))


@overload
def by(rows: Iterable[V | BackendError], key: Callable[[V], K]) -> dict[K, V]: ...
@overload
def by(rows: Iterable[V | BackendError], key: Callable[[V], K], value: Callable[[V], W]) -> dict[K, W]: ...
def by(rows: Iterable[Any], key: Callable[[Any], K], value: Callable[[Any], Any] | None = None) -> dict[K, Any]:
    """Return the rows by key, or what `value` makes of each row. A key with two rows gets an error.

    An error among the rows becomes the error of all keys without a row. So transform the rows with `value`, not in the
    returned mapping.
    """
    values: dict[K, Any] = {}
    for row in rows:
        if isinstance(row, GraphError):
            if row.code != "NOT_FOUND":  # a key without a row is missing anyway
                values.setdefault(UNMATCHED, row)
            continue
        k = key(row)
        values[k] = duplicate_key_error(k) if k in values else row if value is None else value(row)
    return values


def duplicate_key_error(key: object) -> BackendBadReply:
    """Return the error of a key for which the backend returned two values: one of them would be lost."""
    return BackendBadReply("The backend returned one key twice.", internal=f"key {key!r}")


def group(rows: Iterable[V | BackendError], key: Callable[[V], K]) -> dict[K, list[V]]:
    """Return a list of rows per key, in the backend's order. Raise an error among the rows: any list may lack it."""
    lists: dict[K, list[V]] = {}
    for row in rows:
        if isinstance(row, GraphError):
            raise row
        lists.setdefault(key(row), []).append(row)
    return lists


async def each(keys: Iterable[K], one: Callable[[K], Awaitable[V]], *, parallel: int = 32) -> dict[K, V | BackendError]:
    """Call `one` for each key, for a backend without a batch. At most `parallel` calls run at once.

    A key whose call fails has its error as value, which does not affect the other keys. A key whose call raises
    `NotFound` is left out.
    """
    outcomes: dict[K, Any] = dict.fromkeys(keys)
    pending = iter(list(outcomes))

    async def worker() -> None:
        for key in pending:  # all workers take from one iterator
            try:
                outcomes[key] = await one(key)
            except Exception as error:
                outcomes[key] = error  # an exception out of gather would leave the other calls running unattended

    await asyncio.gather(*(worker() for _ in range(min(parallel, len(outcomes)))))
    results: dict[K, Any] = {
        key: value
        for key, value in outcomes.items()
        if not (isinstance(value, GraphError) and value.code == "NOT_FOUND")
    }
    return results
