"""Replies that came with a validator (RFC 9110 section 8.8): the backend may be asked whether they still hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from graphfold.cache.parts import moment

__all__ = ["Validated", "Validators"]

AROUND = 1_000
"""Bytes that a reply is taken to need beside its body."""


@dataclass(frozen=True, slots=True)
class Validated:
    """A reply as it came. Header names are lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask whether it is still true."""
        named = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        return {ask: self.headers[name] for ask, name in named.items() if name in self.headers}


class Validators:
    """Replies by request, those of each kind of viewer apart, in at most `size` bytes and what `room` says is left."""

    def __init__(self, size: int, room: Callable[[], int]) -> None:
        self._known: LRUCache[Hashable, Validated] = LRUCache(size, lambda known: len(known.body) + AROUND)
        self._room = room
        self._cleared = 0

    def find(self, request: Hashable) -> Validated | None:
        return self._known.get(request)

    def keep(self, request: Hashable, headers: Mapping[str, str], body: bytes, began: int) -> None:
        """Remember the reply, if it can be asked for by condition, is not too large and began after the last change."""
        if began <= self._cleared:
            return
        self._known.pop(request, None)
        known = Validated(headers, body)
        if known.conditions and len(body) + AROUND <= self._room():
            self._known[request] = known
            self.fit()

    def fit(self) -> None:
        """Drop what was asked for the longest ago: answers come first."""
        room = self._room()
        while self._known.currsize > room:
            self._known.popitem()

    def clear(self) -> None:
        """Something has changed: a validator by date may be too coarse to tell (RFC 9110 section 8.8.2.2)."""
        self._cleared = moment()
        self._known.clear()
