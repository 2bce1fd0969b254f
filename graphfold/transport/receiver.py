"""Receive a reply piece by piece from a connection, and hand a result to the caller that awaits `waiter`."""

from __future__ import annotations

import asyncio
from typing import Generic, Protocol, TypeVar

from graphfold.errors import BackendBadReply
from graphfold.transport.body import BodyDecoder, body_decoder
from graphfold.transport.call import Reply

__all__ = ["BufferedReply", "RawHeaders", "ReplyReceiver", "ReplySource"]

T = TypeVar("T")

RawHeaders = list[tuple[bytes, bytes]]


class ReplySource(Protocol):
    """The connection that a reply arrives on, as its receiver sees it."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def abandon(self, receiver: object) -> None: ...


class ReplyReceiver(Generic[T]):
    """The base class of receivers; `T` is what the caller gets.

    A connection calls `receive_head`, then `receive_body` any number of times, then `finish`; or `fail` at any point.
    `bodiless` marks the reply to a HEAD, whose head announces a body that never comes.
    """

    __slots__ = ("bodiless", "read_timeout", "source", "waiter")

    def __init__(self, *, bodiless: bool = False, read_timeout: float | None = None) -> None:
        self.bodiless, self.read_timeout = bodiless, read_timeout
        self.waiter: asyncio.Future[T]
        self.source: ReplySource

    def receive_head(self, status: int, headers: dict[str, str], raw_headers: RawHeaders) -> None:
        raise NotImplementedError

    def receive_body(self, chunk: bytes) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        if not self.waiter.done():  # done already if the caller was cancelled
            self.waiter.set_exception(error)


class BufferedReply(ReplyReceiver[Reply]):
    """Returns a complete reply, its body decompressed and at most `limit` bytes."""

    __slots__ = ("_body", "_headers", "_limit", "_status")

    def __init__(self, limit: int, *, bodiless: bool = False) -> None:
        super().__init__(bodiless=bodiless)
        self._limit = limit
        self._body: BodyDecoder

    def receive_head(self, status: int, headers: dict[str, str], raw_headers: RawHeaders) -> None:
        self._status, self._headers = status, headers
        self._body = body_decoder(headers.get("content-encoding", ""), self._limit)

    def receive_body(self, chunk: bytes) -> None:
        self._body.feed(chunk)

    def finish(self) -> None:
        try:
            reply = Reply(self._status, self._headers, self._body.whole())
        except BackendBadReply as error:
            self.fail(error)
        else:
            if not self.waiter.done():
                self.waiter.set_result(reply)
