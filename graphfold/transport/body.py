"""Collects a reply's body up to a limit, counted after decompression: a gzip bomb is cut before it unfolds."""

from __future__ import annotations

import zlib
from typing import Protocol

from graphfold.errors import BackendBadReply
from graphfold.transport.failures import Garbled

__all__ = ["Body", "collector"]

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Body(Protocol):
    """A body on its way. Both methods raise BACKEND_BAD_REPLY."""

    def feed(self, chunk: bytes) -> None: ...
    def whole(self) -> bytes: ...


def collector(encoding: str, limit: int) -> Body:
    """A new body of at most `limit` bytes. `encoding` is the Content-Encoding header; we understand what we ask for."""
    kind = encoding.strip().lower()
    if kind in ("", "identity"):
        return _Plain(limit)
    if kind in ("gzip", "x-gzip", "deflate"):
        return _Inflated(limit)
    raise BackendBadReply("The reply is compressed in a way that was not asked for.", internal=f"encoding {kind!r}")


class _Plain:
    __slots__ = ("_chunks", "_left", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit
        self._chunks: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large(self._limit)
        self._chunks.append(chunk)

    def whole(self) -> bytes:
        return b"".join(self._chunks)


class _Inflated:
    __slots__ = ("_body", "_inflate", "_limit", "_touched")

    def __init__(self, limit: int) -> None:
        self._limit, self._touched = limit, False
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._touched = True
        try:
            self._body += self._inflate.decompress(chunk, self._limit + 1 - len(self._body))
        except zlib.error as error:
            raise Garbled("The reply cannot be decompressed.", internal=str(error)) from None
        if len(self._body) > self._limit:
            raise _too_large(self._limit)
        if self._inflate.unused_data:  # a second body, say: left out, nobody would know of it
            raise BackendBadReply("The reply cannot be decompressed.", internal="more follows the compressed body")

    def whole(self) -> bytes:
        if self._touched and not self._inflate.eof:  # no body at all is fine: servers label empty ones, too
            raise Garbled("The reply cannot be decompressed.", internal="the compressed body ends too early")
        return bytes(self._body)


def _too_large(limit: int) -> BackendBadReply:
    return BackendBadReply("The reply is too large.", internal=f"over {limit} bytes (GRAPHFOLD_MAX_REPLY)")
