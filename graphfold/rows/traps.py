"""What nobody asked for cannot be read by accident: reading it is loud, never a silent None."""

from __future__ import annotations

from typing import Any

from graphfold.mistakes import Mistake

__all__ = ["NotAskedFor", "trap"]


class NotAskedFor(Mistake):
    """A resolver read a field that this operation did not ask the backend for."""


def trap(owner: Any, name: str) -> property:
    """A property that says how to get the field."""
    shape = getattr(owner, "shape", None)
    kind = (shape.feeds if shape is not None else None) or owner

    def read(_: Any) -> Any:
        raise NotAskedFor(
            kind.__name__,
            f"{kind.__name__}.{name} was read, but this query does not ask the backend for it",
            why="OnDemand fields are fetched only when a query selects them.",
            fix="load it whole where you compute with it: `await crm.customers.whole.load(key)`.",
        )

    return property(read)
