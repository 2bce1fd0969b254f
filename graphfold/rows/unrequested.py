"""Fail loudly when code reads a field that the operation did not request: never answer it with a silent None."""

from __future__ import annotations

from typing import NoReturn

from graphfold.mistakes import Mistake

__all__ = ["FieldNotRequested", "unrequested_field"]


class FieldNotRequested(Mistake):
    """A resolver read an OnDemand field that this operation did not request from the backend."""


def unrequested_field(graph_type: type, name: str) -> property:
    """Return a property that raises `FieldNotRequested`, which says how to load the field."""

    def read(_: object) -> NoReturn:
        raise FieldNotRequested(
            graph_type.__name__,
            f"{graph_type.__name__}.{name} was read, but this query does not fetch it",
            why="OnDemand fields are fetched only when a query selects them.",
            fix="load the whole row to compute with it: `await crm.customers.whole.load(key)`.",
        )

    return property(read)
