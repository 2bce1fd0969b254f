"""Decompress and collect a reply's body up to a size limit.

The limit counts decompressed bytes and is applied while decompressing, so a small reply that unfolds into gigabytes (a
"gzip bomb") never takes more memory than the limit.
"""

from __future__ import annotations

import zlib
from typing import Protocol

from graphfold.errors import BackendBadReply
from graphfold.transport.connection_errors import GarbledReply

__all__ = ["BodyDecoder", "body_decoder"]

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS  # zlib detects which of the two headers it is given


class BodyDecoder(Protocol):
    """Collects one body from its chunks. Both methods raise BACKEND_BAD_REPLY."""

    def feed(self, chunk: bytes) -> None: ...
    def whole(self) -> bytes: ...


def body_decoder(encoding: str, limit: int) -> BodyDecoder:
    """Return a decoder for a Content-Encoding header and at most `limit` decompressed bytes."""
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return _IdentityDecoder(limit)
    if coding in ("gzip", "x-gzip", "deflate"):
        return _InflatingDecoder(limit)
    raise BackendBadReply("The reply uses a compression that was not requested.", internal=f"encoding {coding!r}")


class _IdentityDecoder:
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


class _InflatingDecoder:
    __slots__ = ("_body", "_decompressor", "_limit", "_started")

    def __init__(self, limit: int) -> None:
        self._limit, self._started = limit, False
        self._decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._started = True
        try:
            # One byte more than allowed is enough to know that the limit is exceeded.
            self._body += self._decompressor.decompress(chunk, self._limit + 1 - len(self._body))
        except zlib.error as error:
            raise GarbledReply("The reply cannot be decompressed.", internal=str(error)) from None
        if len(self._body) > self._limit:
            raise _too_large(self._limit)
        if self._decompressor.unused_data:  # ignoring a second gzip member would silently drop part of the body
            raise BackendBadReply("The reply cannot be decompressed.", internal="extra data after the compressed body")

    def whole(self) -> bytes:
        if self._started and not self._decompressor.eof:  # servers label empty bodies as gzip, too: those are fine
            raise GarbledReply("The reply cannot be decompressed.", internal="the compressed body ends too early")
        return bytes(self._body)


def _too_large(limit: int) -> BackendBadReply:
    return BackendBadReply("The reply is too large.", internal=f"over {limit} bytes (GRAPHFOLD_MAX_REPLY)")
