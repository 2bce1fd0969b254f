"""Whole answers as bytes, each as long as all its parts are fresh and only for viewers who may see all of them.

An answer is stored with the keys it contains. Invalidating a key in its operation's cache invalidates every answer that
contains it, also one that is being made at that moment. So no answer is served after one of its entries was
invalidated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from math import inf
from typing import Any

import orjson
from cachetools import LRUCache

from graphfold.cache.dependencies import AnswerDependencies
from graphfold.viewer import Share

__all__ = ["AnswerCache", "AnswerKey", "CachedAnswer"]

CACHE_SHARE_DIVISOR = 8
"""An answer may fill at most 1/8 of the cache; larger ones are not stored."""

ANSWER_OVERHEAD, KEY_OVERHEAD = 500, 150
"""Bytes that an answer needs beside its body, and that each of its keys needs: as measured, rounded up."""

MAX_UNCACHEABLE = 10_000


class AnswerKey:
    """A request and its viewer, as the cache keys of its answer: for everybody, for a tenant, for the viewer alone.

    Which of them applies depends on the answer's parts, so a lookup tries all `slots`. Without a tenant there is no
    key for it. The tenant is part of the viewer's own key, too, because what a viewer may see can depend on the tenant
    it acts for.
    """

    __slots__ = ("public", "slots", "tenant", "viewer")

    def __init__(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        viewer: str,
        tenant: str | None = None,
    ) -> None:
        """Raise `TypeError` for variables that cannot be written as JSON because they nest too deeply."""
        # JSON, unlike a dict, distinguishes 1, true and 1.0. The order of names has no meaning.
        text = orjson.dumps((query, operation_name, variables or None), option=orjson.OPT_SORT_KEYS)
        self.public = digest = blake2b(text, digest_size=32).digest()
        if tenant is None:
            self.viewer = self.tenant = digest + b" of " + viewer.encode()
            self.slots: tuple[bytes, ...] = (self.viewer, digest)
        else:
            self.tenant = b"%b in %d " % (digest, len(tenant)) + tenant.encode()
            self.viewer = self.tenant + b" of " + viewer.encode()
            self.slots = (self.viewer, self.tenant, digest)

    def slot(self, share: Share) -> bytes:
        """Return the cache key of an answer that is shared like this."""
        slot: bytes = getattr(self, share)
        return slot


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """The body of an answer, its dependencies, and `log_fields`, which the request log repeats for each use."""

    body: bytes
    dependencies: AnswerDependencies
    log_fields: Any

    @property
    def size(self) -> int:
        return len(self.body) + ANSWER_OVERHEAD + KEY_OVERHEAD * sum(map(len, self.dependencies.keys.values()))


class AnswerCache:
    """At most `size` bytes of answers. `timer` is the clock of the caches whose entries the answers are made of.

    Equal requests that arrive while one of them runs wait for its answer. If that answer cannot be cached they have
    waited for nothing, and would run one after the other. So they wait only if an earlier answer to the same request
    could be stored; `_uncacheable` holds the requests for which that is not known.
    """

    def __init__(self, size: int, timer: Callable[[], float]) -> None:
        self._answers: LRUCache[bytes, CachedAnswer] = LRUCache(size, lambda answer: answer.size)
        self._timer = timer
        self._in_flight: dict[bytes, asyncio.Future[None]] = {}
        self._uncacheable: LRUCache[bytes, None] = LRUCache(MAX_UNCACHEABLE)

    def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer to a request, if there is a fresh one."""
        for slot in key.slots:
            answer = self._answers.get(slot)
            if answer is not None:
                if self._timer() < answer.dependencies.expires and answer.dependencies.are_valid():
                    return answer
                del self._answers[slot]
        return None

    def put(self, key: AnswerKey, body: bytes, dependencies: AnswerDependencies, log_fields: Any = None) -> None:
        """Store a complete answer, unless one of its parts is not cacheable, has expired or was invalidated."""
        answer = CachedAnswer(body, dependencies, log_fields)
        cacheable = self._timer() < dependencies.expires < inf and dependencies.are_valid()
        if cacheable and answer.size * CACHE_SHARE_DIVISOR <= self._answers.maxsize:
            self._answers[key.slot(dependencies.share)] = answer
            self._uncacheable.pop(key.viewer, None)

    def public_seconds_left(self, dependencies: AnswerDependencies) -> float:
        """Return for how many seconds an answer made of these parts may be served to everybody."""
        if dependencies.share != "public" or dependencies.expires == inf or not dependencies.are_valid():
            return 0.0
        return max(dependencies.expires - self._timer(), 0.0)

    def in_flight(self, key: AnswerKey) -> asyncio.Future[None] | None:
        """Return a future that is done when the viewer's equal request has its answer; None if waiting is no use."""
        return self._in_flight.get(key.viewer)

    def begin(self, key: AnswerKey) -> Callable[[], None]:
        """Let equal requests wait for this one. Return the function that ends their waiting."""
        slot = key.viewer
        if slot in self._in_flight or slot in self._uncacheable:
            return _nothing
        answered = self._in_flight[slot] = asyncio.get_running_loop().create_future()
        self._uncacheable[slot] = None  # until its answer is stored

        def end() -> None:
            del self._in_flight[slot]
            answered.set_result(None)

        return end

    def __len__(self) -> int:
        return len(self._answers)


def _nothing() -> None:
    """End no waiting."""
