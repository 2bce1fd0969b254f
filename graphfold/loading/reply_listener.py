"""Let a fetch learn from the backend's replies how fresh its results are, and which replies can be revalidated.

A fetch may make several calls, some of them in tasks of their own. Code that sends a call finds the listener of the
fetch in its context. There is none if the results are not cached.
"""

from __future__ import annotations

from contextvars import ContextVar

from graphfold.cache.cache_view import CacheView
from graphfold.cache.freshness import Freshness

__all__ = ["ReplyListener", "reply_listener"]


class ReplyListener:
    """The combined `freshness` of all replies to one fetch, and the cache `view` that stores its results."""

    __slots__ = ("freshness", "view")

    def __init__(self, view: CacheView) -> None:
        self.view, self.freshness = view, Freshness()


reply_listener: ContextVar[ReplyListener | None] = ContextVar("graphfold_reply_listener", default=None)
