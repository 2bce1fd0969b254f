"""Keep replies that have a validator (RFC 9110 section 8.8), so that the backend can answer 304 if they still hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache

from graphfold.cache.invalidations import next_tick

__all__ = ["ReplyCache", "ValidatedReply"]

REPLY_OVERHEAD = 1_000
"""Bytes that a reply needs beside its body, by estimate."""


@dataclass(frozen=True, slots=True)
class ValidatedReply:
    """A reply as it was received. Header names are in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def conditions(self) -> dict[str, str]:
        """The request headers that ask for a 304 if the reply still holds."""
        validators = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        return {name: self.headers[header] for name, header in validators.items() if header in self.headers}


class ReplyCache:
    """Replies by request. They use at most `size` bytes, and no more than `room` returns: entries come first."""

    def __init__(self, size: int, room: Callable[[], int]) -> None:
        self._replies: LRUCache[Hashable, ValidatedReply] = LRUCache(
            size, lambda reply: len(reply.body) + REPLY_OVERHEAD
        )
        self._room = room
        self._cleared = 0

    def get(self, request: Hashable) -> ValidatedReply | None:
        return self._replies.get(request)

    def put(self, request: Hashable, headers: Mapping[str, str], body: bytes, began: int) -> None:
        """Store a reply if it has a validator, fits, and was requested (at tick `began`) after the last change."""
        if began <= self._cleared:
            return
        self._replies.pop(request, None)
        reply = ValidatedReply(headers, body)
        if reply.conditions and len(body) + REPLY_OVERHEAD <= self._room():
            self._replies[request] = reply
            self.shrink()

    def shrink(self) -> None:
        """Drop the replies that were used least recently until the others fit."""
        room = self._room()
        while self._replies.currsize > room:
            self._replies.popitem()

    def clear(self) -> None:
        """Drop all replies after a change: a date has seconds, too coarse to notice it (RFC 9110 section 8.8.2.2)."""
        self._cleared = next_tick()
        self._replies.clear()
