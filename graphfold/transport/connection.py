"""One connection to a backend: HTTP/1.1, one request at a time, replies read by httptools.

It trusts nothing it is sent: a reply has to be whole, a head small, and bytes nobody asked for end the connection,
because whoever sends them has lost count of requests and might answer the next one with them.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, TypeVar, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from graphfold.transport.failures import Lost, Malformed, Stale
from graphfold.transport.headers import folded
from graphfold.transport.receiver import RawHeaders, Receiver

__all__ = ["Connection", "Owner"]

T = TypeVar("T")

_HEAD_LIMIT = 64 * 1024
"""Bytes of a head; also of what comes between two pieces of a body (chunk sizes, trailers)."""


class Owner(Protocol):
    """The pool, as a connection sees it."""

    def opened(self, connection: Connection) -> None: ...
    def free(self, connection: Connection) -> None: ...
    def gone(self, connection: Connection) -> None: ...


class Connection(asyncio.Protocol):
    """Use `ask` while it is `usable`; `idle_since` belongs to the pool."""

    __slots__ = (
        "_complete",
        "_headed",
        "_headers",
        "_idle_bytes",
        "_keep",
        "_open",
        "_owner",
        "_parser",
        "_raw",
        "_receiver",
        "_silent",
        "_transport",
        "idle_since",
        "loop",
    )

    def __init__(self, owner: Owner, loop: asyncio.AbstractEventLoop) -> None:
        self._owner, self.loop = owner, loop
        self._parser = HttpResponseParser(self)
        self._receiver: Receiver[object] | None = None
        self._transport: asyncio.Transport
        self._open, self.idle_since = False, 0.0

    async def ask(self, request: bytes, receiver: Receiver[T]) -> T:
        """Send `request` and wait for what `receiver` makes of the reply. Raises Stale, Lost, Malformed, TimeoutError.

        A call that gives up takes the connection with it: the reply may still come.
        """
        waiter: asyncio.Future[T] = self.loop.create_future()
        receiver.waiter, receiver.connection = waiter, self
        self._receiver = cast("Receiver[object]", receiver)
        self._silent, self._complete, self._headed, self._keep, self._idle_bytes = True, False, False, False, 0
        self._transport.write(request)
        try:
            if receiver.patience is None:
                return await waiter
            async with asyncio.timeout(receiver.patience):
                return await waiter
        except BaseException:
            self.abandon(receiver)
            raise

    @property
    def usable(self) -> bool:
        """False for good once either side has ended it; a transport that failed to write tells us later."""
        return self._open and not self._transport.is_closing()

    def abandon(self, receiver: object) -> None:
        """Nobody wants the rest of this reply. Nothing happens once it is complete."""
        if self._receiver is receiver:
            self._receiver = None
            self.drop()

    def drop(self) -> None:
        """End it at once, whatever it is doing."""
        self._open = False
        self._transport.abort()

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        if self.usable:
            self._transport.resume_reading()

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open = True
        self._owner.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:
            self.drop()
            return
        self._silent = False
        self._idle_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._stumble(error)
            return
        if self._complete:
            self._finish(keep=self._keep)
        elif self._idle_bytes > _HEAD_LIMIT:
            self._fail(Malformed(f"over {_HEAD_LIMIT} bytes of headers"))

    def eof_received(self) -> None:
        self._open = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        self._owner.gone(self)
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        if exc is None and self._lasts_until_close():
            receiver.end()
        else:
            receiver.fail((Stale if self._silent else Lost)(f"the connection ended early: {exc or 'closed'}"))

    # What the parser tells.

    def on_message_begin(self) -> None:
        if self._complete:
            raise Malformed("more than the reply that was asked for")
        self._raw: RawHeaders = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # after the body: trailers, which nobody asked for
            self._raw.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        receiver = self._receiver
        if status < 200 or receiver is None:
            return
        if self._idle_bytes > _HEAD_LIMIT and _size(self._raw) > _HEAD_LIMIT:
            raise Malformed(f"over {_HEAD_LIMIT} bytes of headers")
        self._headed = True
        self._headers = folded(self._raw)
        if self._headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise Malformed("a transfer encoding that was not asked for")
        receiver.head(status, self._headers, self._raw)
        if receiver.bodiless:
            self._complete, self._keep = True, self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        if self._complete or self._receiver is None:
            raise Malformed("a body where there is none")
        self._idle_bytes = 0
        self._receiver.feed(body)

    def on_message_complete(self) -> None:
        if self._headed:  # or it was one of the 1xx that may come before the reply
            self._complete, self._keep = True, self._parser.should_keep_alive()

    # How a reply ends.

    def _finish(self, *, keep: bool) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        if receiver.bodiless:  # the parser still waits for the body that a HEAD announces
            self._parser = HttpResponseParser(self)
        if keep and self.usable:
            self._owner.free(self)
        else:
            self.drop()
        receiver.end()

    def _stumble(self, error: Exception) -> None:
        """The parser has stopped: before the end of the reply that is its failure, after it only the connection's."""
        if self._complete:
            self._finish(keep=False)
            return
        cause = error.__context__ if isinstance(error, HttpParserCallbackError) else None
        self._fail(cause if isinstance(cause, Exception) else Malformed(str(error)))

    def _fail(self, error: Exception) -> None:
        receiver, self._receiver = self._receiver, None
        self.drop()
        if receiver is not None:
            receiver.fail(error)

    def _lasts_until_close(self) -> bool:
        return self._headed and "content-length" not in self._headers and "transfer-encoding" not in self._headers


def _size(raw: RawHeaders) -> int:
    return sum(len(name) + len(value) + 4 for name, value in raw)
