"""What was declared: rows, adapters, types with resolvers, finders. A graph is made of all of it.

Declaring happens while modules are imported, so the list that is written to belongs to the process. A test that
declares a graph of its own does so inside `declaring()`, and leaves no trace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Declarations", "current_declarations", "declaring"]


@dataclass(slots=True)
class Declarations:
    """Everything in order of declaration. `owners` (types with resolvers) and `finders` go by GraphQL name."""

    rows: list[Any] = field(default_factory=list)
    adapters: list[Any] = field(default_factory=list)
    owners: dict[str, type] = field(default_factory=dict)
    finders: dict[str, Any] = field(default_factory=dict)


_open = [Declarations()]


def current_declarations() -> Declarations:
    """The list that is written to now."""
    return _open[-1]


@contextmanager
def declaring() -> Iterator[Declarations]:
    """What is declared inside the block goes into a list of its own."""
    own = Declarations()
    _open.append(own)
    try:
        yield own
    finally:
        _open.remove(own)
