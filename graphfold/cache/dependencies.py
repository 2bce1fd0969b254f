"""Collect what the answer of one operation depends on: how long it is fresh, who may see it, which keys it contains.

Every cache view reports here what it serves. An answer with a part that is not cached, or is stale, is not cacheable as
a whole. All reports are made per batch, not per key, so they cost a few set operations per operation.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from math import inf
from typing import Protocol

from graphfold.cache.invalidations import next_tick
from graphfold.viewer import Share

__all__ = ["AnswerDependencies", "KeyValidity"]

_NARROWER: dict[Share, int] = {"public": 0, "tenant": 1, "viewer": 2}


class KeyValidity(Protocol):
    """The cache of one backend operation, which knows the keys that were invalidated."""

    def are_valid(self, keys: Collection[Hashable], since: int) -> bool: ...


class AnswerDependencies:
    """What an answer is made of.

    `expires` is the earliest expiry of its parts, on the caches' clock: inf as long as there are no parts, -inf if the
    answer is not cacheable. `share` is the narrowest sharing of its parts, `keys` are the keys used of each cache.
    """

    __slots__ = ("began", "expires", "keys", "share")

    def __init__(self) -> None:
        self.began = next_tick()
        self.expires = inf
        self.share: Share = "public"
        self.keys: dict[KeyValidity, set[Hashable]] = {}

    def add_keys(self, cache: KeyValidity, keys: Iterable[Hashable]) -> None:
        """Record that the answer contains results for these keys."""
        used = self.keys.get(cache)
        if used is None:
            used = self.keys[cache] = set()
        used.update(keys)

    def expire_by(self, time: float) -> None:
        """Limit the answer's freshness to that of a part."""
        self.expires = min(self.expires, time)

    def make_uncacheable(self) -> None:
        """Record a part that may be served only once: it is not cached, is stale, or replaces a failed call."""
        self.expires = -inf

    def restrict(self, share: Share) -> None:
        """Restrict who may see the answer to those who may see a part."""
        if _NARROWER[share] > _NARROWER[self.share]:
            self.share = share

    def are_valid(self) -> bool:
        """Return whether no key was invalidated since the operation began or this last returned True."""
        for cache, keys in self.keys.items():
            if not cache.are_valid(keys, self.began):
                return False
        # Nothing is awaited during this check, so all later invalidations have later ticks. The next call then has
        # fewer of them to look at.
        self.began = next_tick()
        return True
