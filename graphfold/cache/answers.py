"""Whole answers as bytes, each for as long as its parts are good and for those who may see all of them.

An answer is kept with the keys that went into it: what forgets a key in its store voids every answer made of it, also
one that is being put together at that moment. So it is never older than the entries it could be put together from.
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

from graphfold.cache.parts import Parts
from graphfold.viewer import Share

__all__ = ["Answers", "Kept", "Question"]

LARGEST = 8
"""One answer takes at most this part of the room: one over the number."""

AROUND, FOR_EACH_KEY = 500, 150
"""Bytes that an answer takes beside its own, and that one of its keys takes: what was measured, rounded up."""

MOST_HOPELESS = 10_000


class Question:
    """What is asked, by whom: where its answer is kept if all see the same, or only the tenant's, or each their own.

    `tenant` is None where nobody is known to see what the viewer sees. It is told apart within a viewer, too: what one
    caller may see can depend on which of its tenants it speaks for.
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
        """Raises `TypeError` for variables that cannot be written as JSON: they nest too deeply."""
        # As JSON, 1 and true and 1.0 differ, which they do not as keys of a dict; the order of names says nothing.
        written = orjson.dumps((query, operation_name, variables or None), option=orjson.OPT_SORT_KEYS)
        self.public = asked = blake2b(written, digest_size=32).digest()
        if tenant is None:
            self.viewer = self.tenant = asked + b" of " + viewer.encode()
            self.slots: tuple[bytes, ...] = (self.viewer, asked)
        else:
            self.tenant = b"%b in %d " % (asked, len(tenant)) + tenant.encode()
            self.viewer = self.tenant + b" of " + viewer.encode()
            self.slots = (self.viewer, self.tenant, asked)

    def at(self, share: Share) -> bytes:
        """Where an answer is kept that these may see."""
        slot: bytes = getattr(self, share)
        return slot


@dataclass(frozen=True, slots=True)
class Kept:
    """`about` is what whoever kept it wants to know of it when it is told again."""

    body: bytes
    parts: Parts
    about: Any

    @property
    def size(self) -> int:
        return len(self.body) + AROUND + FOR_EACH_KEY * sum(map(len, self.parts.keys.values()))


class Answers:
    """At most `size` bytes of them. `timer` is the clock that their parts end by."""

    def __init__(self, size: int, timer: Callable[[], float]) -> None:
        self._entries: LRUCache[bytes, Kept] = LRUCache(size, lambda kept: kept.size)
        self._timer = timer
        self._under_way: dict[bytes, asyncio.Future[None]] = {}
        self._hopeless: LRUCache[bytes, None] = LRUCache(MOST_HOPELESS)

    def find(self, question: Question) -> Kept | None:
        """The answer, if there is one that is still good."""
        for slot in question.slots:
            kept = self._entries.get(slot)
            if kept is not None:
                if self._timer() < kept.parts.ends and kept.parts.spared():
                    return kept
                del self._entries[slot]
        return None

    def keep(self, question: Question, body: bytes, parts: Parts, about: Any = None) -> None:
        """Remember a complete answer, unless one of its parts is not to be, has ended, or has changed meanwhile."""
        kept = Kept(body, parts, about)
        good = self._timer() < parts.ends < inf and parts.spared()
        if good and kept.size * LARGEST <= self._entries.maxsize:
            self._entries[question.at(parts.share)] = kept
            self._hopeless.pop(question.viewer, None)

    def left(self, parts: Parts) -> float:
        """Seconds for which what is made of these may be told to everybody."""
        if parts.share != "public" or parts.ends == inf or not parts.spared():
            return 0.0
        return max(parts.ends - self._timer(), 0.0)

    def under_way(self, question: Question) -> asyncio.Future[None] | None:
        """Done when the viewer's own equal question has been answered; None where waiting for that would be in vain."""
        return self._under_way.get(question.viewer)

    def begin(self, question: Question) -> Callable[[], None]:
        """The question is being answered: others may wait until the function that this gives is called."""
        slot = question.viewer
        if slot in self._under_way or slot in self._hopeless:
            return _nothing
        answered = self._under_way[slot] = asyncio.get_running_loop().create_future()
        self._hopeless[slot] = None  # until it is kept

        def end() -> None:
            del self._under_way[slot]
            answered.set_result(None)

        return end

    def __len__(self) -> int:
        return len(self._entries)


def _nothing() -> None:
    """Nobody waits."""
