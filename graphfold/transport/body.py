"""Reads a reply's body up to a limit, counted after decompression: a gzip bomb is cut before it unfolds."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from graphfold.errors import BackendBadReply

__all__ = ["read_body"]

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


async def read_body(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """The decoded body. `encoding` is the Content-Encoding header; only what we ask for (gzip) is understood."""
    if encoding in ("", "identity"):
        return await _plain(chunks, limit)
    if encoding in ("gzip", "x-gzip", "deflate"):
        return await _inflated(chunks, limit)
    raise BackendBadReply("The reply is compressed in a way that was not asked for.", internal=f"encoding {encoding!r}")


async def _plain(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    return b"".join(parts)


async def _inflated(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
    body = bytearray()
    try:
        async for chunk in chunks:
            body += inflate.decompress(chunk, limit + 1 - len(body))
            if len(body) > limit:
                raise _too_large(limit)
    except zlib.error as error:
        raise BackendBadReply("The reply cannot be decompressed.", internal=str(error)) from None
    if not inflate.eof:
        raise BackendBadReply("The reply cannot be decompressed.", internal="the compressed body ends too early")
    return bytes(body)


def _too_large(limit: int) -> BackendBadReply:
    return BackendBadReply("The reply is too large.", internal=f"over {limit} bytes (GRAPHFOLD_MAX_REPLY)")
