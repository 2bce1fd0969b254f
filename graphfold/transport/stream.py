"""A reply for users of httpx: its body comes as it is read, and the backend waits for a reader that is slow."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import httpx

from graphfold.transport.failures import ConnectTimedOut, Lost
from graphfold.transport.receiver import RawHeaders, Receiver

__all__ = ["Streamed", "as_httpx"]

_ENOUGH = 256 * 1024
"""Bytes that may wait for their reader before the connection is no longer read."""


class Streamed(Receiver[tuple[int, RawHeaders]], httpx.AsyncByteStream):
    """Answers status and headers first; then it is the body, which holds the connection until it is read or closed."""

    def __init__(self, *, bodiless: bool, patience: float | None) -> None:
        super().__init__(bodiless=bodiless, patience=patience)
        self._chunks: deque[bytes] = deque()
        self._waiting, self._paused, self._ended = 0, False, False
        self._error: Exception | None = None
        self._news = asyncio.Event()

    def head(self, status: int, headers: dict[str, str], raw: RawHeaders) -> None:
        if not self.waiter.done():
            self.waiter.set_result((status, raw))

    def feed(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self._waiting += len(chunk)
        if self._waiting > _ENOUGH and not self._paused:
            self._paused = True
            self.connection.pause()
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._read_on()
        self._news.set()

    def fail(self, error: Exception) -> None:
        super().fail(error)
        self._error = error
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._next():
            yield chunk

    async def aclose(self) -> None:
        self.connection.abandon(self)

    async def _next(self) -> bytes | None:
        """The next piece, None at the end."""
        while not self._chunks:
            if self._ended:
                return None
            if self._error is not None:
                raise as_httpx(self._error)
            await self._more()
        chunk = self._chunks.popleft()
        self._waiting -= len(chunk)
        if self._waiting < _ENOUGH // 2:
            self._read_on()
        return chunk

    def _read_on(self) -> None:
        if self._paused:
            self._paused = False
            self.connection.resume()

    async def _more(self) -> None:
        self._news.clear()
        try:
            async with asyncio.timeout(self.patience):
                await self._news.wait()
        except TimeoutError:
            raise httpx.ReadTimeout(f"nothing more in {self.patience} s") from None


def as_httpx(error: Exception) -> httpx.TransportError:
    """The failure of a connection in httpx's terms."""
    kinds: list[tuple[type[Exception], type[httpx.TransportError]]] = [
        (ConnectTimedOut, httpx.ConnectTimeout),
        (TimeoutError, httpx.ReadTimeout),
        (Lost, httpx.ReadError),
        (OSError, httpx.ConnectError),
        (Exception, httpx.RemoteProtocolError),
    ]
    return next(theirs for ours, theirs in kinds if isinstance(error, ours))(str(error))
