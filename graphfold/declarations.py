"""Collect what a project declares: rows, adapters, types with resolvers, finders. A graph is made of all of it.

Declaring happens while modules are imported, so the list that is written to belongs to the process. A test that
declares a graph of its own does so inside `declaring()`, which leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Declarations", "current_declarations", "declaring"]


@dataclass(slots=True)
class Declarations:
    """Everything declared, in this order. `owners` (types with resolvers) and `finders` are by GraphQL name.

    The members are typed as `Any` since their classes are in rooms above this one.
    """

    rows: list[Any] = field(default_factory=list)
    adapters: list[Any] = field(default_factory=list)
    owners: dict[str, type] = field(default_factory=dict)
    finders: dict[str, Any] = field(default_factory=dict)


_open = [Declarations()]


def current_declarations() -> Declarations:
    """Return the declarations that are added to now: those of the innermost `declaring()` block, or the process's."""
    return _open[-1]


@contextmanager
def declaring() -> Iterator[Declarations]:
    """Collect what is declared inside the block apart from the process's declarations."""
    own = Declarations()
    _open.append(own)
    try:
        yield own
    finally:
        _open.remove(own)
