"""Stream a reply to a user of httpx, with back-pressure: a slow reader makes the backend wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import httpx

from graphfold.transport.connection_errors import ConnectionLost, ConnectTimedOut
from graphfold.transport.receiver import RawHeaders, ReplyReceiver

__all__ = ["StreamedReply", "to_httpx_error"]

_HIGH_WATER = 256 * 1024
"""Buffered bytes above which the connection is no longer read. Reading resumes below half of it."""


class StreamedReply(ReplyReceiver[tuple[int, RawHeaders]], httpx.AsyncByteStream):
    """Returns status and headers, then serves as the body. It holds its connection until it is read or closed."""

    def __init__(self, *, bodiless: bool, read_timeout: float | None) -> None:
        super().__init__(bodiless=bodiless, read_timeout=read_timeout)
        self._chunks: deque[bytes] = deque()
        self._buffered_bytes, self._paused, self._finished = 0, False, False
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    def receive_head(self, status: int, headers: dict[str, str], raw_headers: RawHeaders) -> None:
        if not self.waiter.done():
            self.waiter.set_result((status, raw_headers))

    def receive_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._buffered_bytes += len(chunk)
        if self._buffered_bytes > _HIGH_WATER and not self._paused:
            self._paused = True
            self.source.pause()
        self._changed.set()

    def finish(self) -> None:
        self._finished = True
        self._resume()  # the connection may serve its next call while the last chunks are still unread
        self._changed.set()

    def fail(self, error: Exception) -> None:
        super().fail(error)
        self._error = error
        self._changed.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while not self._chunks:
                if self._finished:
                    return
                if self._error is not None:
                    raise to_httpx_error(self._error)
                await self._wait_for_change()
            chunk = self._chunks.popleft()
            self._buffered_bytes -= len(chunk)
            if self._buffered_bytes < _HIGH_WATER // 2:
                self._resume()
            yield chunk

    async def aclose(self) -> None:
        self.source.abandon(self)

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self.source.resume()

    async def _wait_for_change(self) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(self.read_timeout):
                await self._changed.wait()
        except TimeoutError:
            raise httpx.ReadTimeout(f"no data for {self.read_timeout} s") from None


def to_httpx_error(error: Exception) -> httpx.TransportError:
    """Return the httpx exception that corresponds to a connection error."""
    kinds: list[tuple[type[Exception], type[httpx.TransportError]]] = [
        (ConnectTimedOut, httpx.ConnectTimeout),
        (TimeoutError, httpx.ReadTimeout),
        (ConnectionLost, httpx.ReadError),
        (OSError, httpx.ConnectError),
        (Exception, httpx.RemoteProtocolError),
    ]
    return next(theirs for ours, theirs in kinds if isinstance(error, ours))(str(error))
