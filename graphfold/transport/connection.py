"""Exchange requests and replies over one HTTP/1.1 connection, one at a time.

    event loop -> data_received -> httptools parser -> on_headers_complete, on_body, ... -> ReplyReceiver

Nothing a backend sends is trusted: a reply has to be whole, its head small, and unexpected bytes end the connection. A
server that sends more than was requested has lost count, and its surplus could be taken for the reply to the next call.

One parser reads all replies of a connection. Its callbacks run inside `feed_data`: they hand on pieces of the reply and
set flags. Ending a reply (waking the caller, returning the connection to the pool) waits until `feed_data` has
returned, when it is certain that no surplus bytes came with it. An exception raised in a callback reaches us as
`HttpParserCallbackError`, with the original as its context.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, TypeVar, cast

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from graphfold.transport.connection_errors import ConnectionLost, MalformedReply, StaleConnection
from graphfold.transport.headers import folded
from graphfold.transport.receiver import RawHeaders, ReplyReceiver

__all__ = ["BackendConnection", "ConnectionOwner"]

T = TypeVar("T")

_HEAD_LIMIT = 64 * 1024
"""Bytes of a head; also of the framing between two pieces of a body (chunk sizes, trailers)."""


class ConnectionOwner(Protocol):
    """The pool, as a connection sees it."""

    def connection_opened(self, connection: BackendConnection) -> None: ...
    def connection_idle(self, connection: BackendConnection) -> None: ...
    def connection_closed(self, connection: BackendConnection) -> None: ...


class BackendConnection(asyncio.Protocol):
    """A connection to a backend. Call `exchange` only while it is `usable`; `idle_since` belongs to the pool.

    State of the current reply: `_received_any` is false until its first byte, `_headed` becomes true with its final
    head (after any 1xx), `_complete` with its last byte. `_unframed_bytes` counts bytes received since the last piece
    of a body, to bound heads and trailers.
    """

    __slots__ = (
        "_complete",
        "_headed",
        "_headers",
        "_keep_alive",
        "_open",
        "_owner",
        "_parser",
        "_raw_headers",
        "_received_any",
        "_receiver",
        "_transport",
        "_unframed_bytes",
        "idle_since",
        "loop",
    )

    def __init__(self, owner: ConnectionOwner, loop: asyncio.AbstractEventLoop) -> None:
        self._owner, self.loop = owner, loop
        self._parser = HttpResponseParser(self)
        self._receiver: ReplyReceiver[object] | None = None
        self._transport: asyncio.Transport
        self._open, self.idle_since = False, 0.0

    async def exchange(self, request: bytes, receiver: ReplyReceiver[T]) -> T:
        """Send `request` and return what `receiver` makes of the reply.

        Raise StaleConnection, ConnectionLost, MalformedReply, or TimeoutError after `receiver.read_timeout`. A caller
        that is cancelled closes the connection, because the reply may still arrive on it.
        """
        waiter: asyncio.Future[T] = self.loop.create_future()
        receiver.waiter, receiver.source = waiter, self
        self._receiver = cast("ReplyReceiver[object]", receiver)
        self._received_any = self._complete = self._headed = self._keep_alive = False
        self._unframed_bytes = 0
        self._transport.write(request)
        try:
            if receiver.read_timeout is None:
                return await waiter
            async with asyncio.timeout(receiver.read_timeout):
                return await waiter
        except BaseException:
            self.abandon(receiver)
            raise

    @property
    def usable(self) -> bool:
        """False for good once either side has closed it. A failed write closes the transport before it is reported."""
        return self._open and not self._transport.is_closing()

    def abandon(self, receiver: object) -> None:
        """Close the connection if `receiver` still waits for the end of its reply; otherwise do nothing."""
        if self._receiver is receiver:
            self._receiver = None
            self.drop()

    def drop(self) -> None:
        """Close the connection at once, without flushing."""
        self._open = False
        self._transport.abort()

    def pause(self) -> None:
        self._transport.pause_reading()

    def resume(self) -> None:
        if self.usable:
            self._transport.resume_reading()

    # Callbacks of the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._open = True
        self._owner.connection_opened(self)

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:  # bytes on an idle connection belong to no request
            self.drop()
            return
        self._received_any = True
        self._unframed_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self._complete:  # the reply itself is whole; only the surplus after it is at fault
                self._finish(keep=False)
                return
            cause = error.__context__ if isinstance(error, HttpParserCallbackError) else None  # raised by a callback
            self._fail(cause if isinstance(cause, Exception) else MalformedReply(str(error)))
            return
        if self._complete:
            self._finish(keep=self._keep_alive)
        elif self._unframed_bytes > _HEAD_LIMIT:
            self._fail(MalformedReply(f"over {_HEAD_LIMIT} bytes of headers"))

    def eof_received(self) -> None:
        self._open = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._open = False
        self._owner.connection_closed(self)
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        # RFC 9112 section 6.3: a body with neither length nor chunks lasts until the server closes the connection.
        ends_with_close = (
            self._headed and "content-length" not in self._headers and "transfer-encoding" not in self._headers
        )
        if exc is None and ends_with_close:
            receiver.finish()
        else:
            kind = ConnectionLost if self._received_any else StaleConnection
            receiver.fail(kind(f"the connection ended early: {exc or 'closed'}"))

    # Callbacks of the parser.

    def on_message_begin(self) -> None:
        if self._complete:
            raise MalformedReply("data after the end of the reply")
        self._raw_headers: RawHeaders = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._headed:  # headers after the body are trailers, which are ignored
            self._raw_headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        receiver = self._receiver
        if status < 200 or receiver is None:
            return
        # The count may include the first bytes of the body, so the exact size is computed only when it looks too large.
        if self._unframed_bytes > _HEAD_LIMIT:
            size = sum(len(name) + len(value) + 4 for name, value in self._raw_headers)
            if size > _HEAD_LIMIT:
                raise MalformedReply(f"over {_HEAD_LIMIT} bytes of headers")
        self._headed = True
        self._headers = folded(self._raw_headers)
        if self._headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise MalformedReply("a transfer encoding that was not requested")
        receiver.receive_head(status, self._headers, self._raw_headers)
        if receiver.bodiless:
            self._complete, self._keep_alive = True, self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        if self._complete or self._receiver is None:
            raise MalformedReply("a body in a reply that has none")
        self._unframed_bytes = 0
        self._receiver.receive_body(body)

    def on_message_complete(self) -> None:
        if self._headed:  # false for a 1xx, which may precede the reply
            self._complete, self._keep_alive = True, self._parser.should_keep_alive()

    # The end of a reply.

    def _finish(self, *, keep: bool) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        if receiver.bodiless:  # the old parser still waits for the body that the head of a HEAD reply announces
            self._parser = HttpResponseParser(self)
        if keep and self.usable:
            self._owner.connection_idle(self)
        else:
            self.drop()
        receiver.finish()

    def _fail(self, error: Exception) -> None:
        receiver, self._receiver = self._receiver, None
        self.drop()
        if receiver is not None:
            receiver.fail(error)
