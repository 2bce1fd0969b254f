"""Collect the errors of fields: where an error's null goes, what it stops, and which errors the answer lists.

A null in a non-null position moves up to the nearest nullable one (GraphQL specification, "Handling Execution Errors"):

    lines: [Line!]             null: the nearest position that may be null; what still runs below it is cancelled
      2: Line!                   ^
        product: Product!        |
          name: String!        the error is raised here

Errors are listed in the order of the document, whenever they were raised; of several errors below one null only the
first is listed, as graphql-core does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from graphql import GraphQLError, GraphQLNonNull, located_error

from graphfold.execution.response_positions import Order, Positions

__all__ = ["FieldErrors", "PendingValues"]


class PendingValues(Protocol):
    """A wait for the values of some positions, which can end early."""

    positions: Positions

    def drop(self, is_nulled: Callable[[int], bool], /) -> None:
        """Stop waiting for positions that an error has nulled."""

    def expire(self) -> None:
        """Stop waiting, because the operation's time is over."""


class FieldError(NamedTuple):
    """An error, the position where it was raised and the one that it nulled, both in document order."""

    raised: Order
    nulled: Order
    error: GraphQLError


class FieldErrors:
    """The errors of one operation. `propagate` is False where the client has switched null propagation off."""

    def __init__(self, *, propagate: bool) -> None:
        self._propagate = propagate
        self._errors: list[FieldError] = []
        self._pending: set[PendingValues] = set()
        self._sweep_scheduled = self._expired = False
        self.data_is_null = False

    def __bool__(self) -> bool:
        return bool(self._errors)

    def fail(self, positions: Positions, i: int, error: Exception, *, whole_list: bool = False) -> None:
        """Record the error of a value, and null the nearest position above that may be null.

        With `whole_list` the error is not the item's: it ended the iteration of the list at this item.
        """
        raised = positions.order(i)
        if whole_list:
            positions, i = positions.up(i) or (positions, i)
        located = located_error(error, positions.step.nodes, positions.path(i).as_list())
        nulled = self._null(positions, i)
        self._errors.append(FieldError(raised, nulled, located))
        if len(raised) > len(nulled) and self._pending and not self._sweep_scheduled:
            # Once for all errors of this turn: each sweep looks at everything that waits.
            self._sweep_scheduled = True
            asyncio.get_running_loop().call_soon(self._sweep)

    def _null(self, positions: Positions, i: int) -> Order:
        """Null the nearest nullable position, and return where it is."""
        while self._propagate and isinstance(positions.type, GraphQLNonNull):
            up = positions.up(i)
            if up is None:
                self.data_is_null = True
                return ()
            positions, i = up
        positions.null(i)
        return positions.order(i)

    def is_nulled(self, positions: Positions, i: int) -> bool:
        """Return whether an error has nulled this position, or one above it."""
        return self.data_is_null or positions.is_nulled(i)

    def watch(self, pending: PendingValues) -> None:
        """Tell a wait from now on about positions that are nulled, and about the end of the operation's time."""
        self._pending.add(pending)
        if self._errors:
            self._drop(pending)
        if self._expired:
            pending.expire()

    def unwatch(self, pending: PendingValues) -> None:
        self._pending.discard(pending)

    def expire(self) -> None:
        """Fail all values that are waited for, now and from now on: the operation's time is over."""
        self._expired = True
        for pending in list(self._pending):
            pending.expire()

    def _sweep(self) -> None:
        self._sweep_scheduled = False
        for pending in list(self._pending):
            self._drop(pending)

    def _drop(self, pending: PendingValues) -> None:
        pending.drop(lambda i: self.is_nulled(pending.positions, i))

    def report(self) -> list[GraphQLError] | None:
        """Return the errors in document order, without those below a position that another error had nulled."""
        if len(self._errors) < 2:
            return [entry.error for entry in self._errors] or None
        errors: list[GraphQLError] = []
        nulled: set[Order] = set()
        for entry in sorted(self._errors, key=lambda entry: entry.raised):
            if not any(entry.raised[:length] in nulled for length in range(len(entry.raised) + 1)):
                nulled.add(entry.nulled)
                errors.append(entry.error)
        return errors
