"""The rules of null: where an error's null goes, what it stops, and which errors are told, in graphql-core's order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from graphql import GraphQLError, GraphQLNonNull, located_error

from graphfold.execution.response_positions import Order, Positions

__all__ = ["FieldErrors", "PendingValues"]


class PendingValues(Protocol):
    """What waits for the values of a place, and can be told that some of them are wanted no more, or come too late."""

    positions: Positions

    def drop(self, gone: Callable[[int], bool]) -> None: ...
    def expire(self) -> None: ...


class FieldError(NamedTuple):
    """An error, where it was raised and where its null ended, both in document order."""

    raised: Order
    nulled: Order
    error: GraphQLError


class FieldErrors:
    """Collects the errors of one operation. `propagate` is False where error propagation is switched off."""

    def __init__(self, *, propagate: bool) -> None:
        self._propagate = propagate
        self._found: list[FieldError] = []
        self._waiting: set[PendingValues] = set()
        self._sweeps = self._expired = False
        self.data_is_null = False

    def __bool__(self) -> bool:
        return bool(self._found)

    def fail(self, positions: Positions, i: int, error: Exception, *, whole_list: bool = False) -> None:
        """The value at this place is an error: null goes up to the first position that may be null.

        `whole_list`: it is no item, but what ended the iteration of the list at this item.
        """
        raised = positions.order(i)
        if whole_list:
            positions, i = positions.up(i) or (positions, i)
        located = located_error(error, positions.step.nodes, positions.path(i).as_list())
        nulled = self._null(positions, i)
        self._found.append(FieldError(raised, nulled, located))
        if len(raised) > len(nulled):
            self._sweep_soon()

    def _null(self, positions: Positions, i: int) -> Order:
        """Where the null of an error at this place ends."""
        while self._propagate and isinstance(positions.type, GraphQLNonNull):
            up = positions.up(i)
            if up is None:
                self.data_is_null = True
                return ()
            positions, i = up
        positions.null(i)
        return positions.order(i)

    def gone(self, positions: Positions, i: int) -> bool:
        """Has an error nulled this position, or one above it?"""
        return self.data_is_null or positions.gone(i)

    def watch(self, waiting: PendingValues) -> None:
        """From now on it is told which of its values will not be seen by anybody."""
        self._waiting.add(waiting)
        if self._found:
            self._drop(waiting)
        if self._expired:
            waiting.expire()

    def unwatch(self, waiting: PendingValues) -> None:
        self._waiting.discard(waiting)

    def expire(self) -> None:
        """The operation's time is over: what waits now, and what would from now on, is an error."""
        self._expired = True
        for waiting in list(self._waiting):
            waiting.expire()

    def _sweep_soon(self) -> None:
        """In the next turn of the loop, once for all errors that come up in this one."""
        if self._waiting and not self._sweeps:
            self._sweeps = True
            asyncio.get_running_loop().call_soon(self._sweep)

    def _sweep(self) -> None:
        self._sweeps = False
        for waiting in list(self._waiting):
            self._drop(waiting)

    def _drop(self, waiting: PendingValues) -> None:
        waiting.drop(lambda i: self.gone(waiting.positions, i))

    def report(self) -> list[GraphQLError] | None:
        """In document order, without those from below a position that another error had nulled already."""
        if len(self._found) < 2:
            return [found.error for found in self._found] or None
        kept: list[GraphQLError] = []
        nulled: set[Order] = set()
        for found in sorted(self._found, key=lambda found: found.raised):
            if not any(found.raised[:length] in nulled for length in range(len(found.raised) + 1)):
                nulled.add(found.nulled)
                kept.append(found.error)
        return kept
