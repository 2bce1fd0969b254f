"""What a fetch hears from its backend beside the answers: how fresh the replies are, and what can be asked again.

A fetch may make several calls, some of them in tasks of their own. Whatever sends a call finds who listens to the
fetch in its context; without one nobody wants to know.
"""

from __future__ import annotations

from contextvars import ContextVar

from graphfold.cache.freshness import Freshness
from graphfold.cache.shelf import Shelf

__all__ = ["Listener", "listening"]


class Listener:
    """`freshness` of all replies together; `shelf` is where the answers go."""

    __slots__ = ("freshness", "shelf")

    def __init__(self, shelf: Shelf) -> None:
        self.shelf, self.freshness = shelf, Freshness()


listening: ContextVar[Listener | None] = ContextVar("graphfold_listening", default=None)
"""Who is told of each reply to the fetch that runs here."""
