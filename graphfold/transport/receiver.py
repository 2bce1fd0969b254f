"""Who gets a reply while it comes in: piece by piece from the connection, to whoever awaits `waiter`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from graphfold.errors import BackendBadReply
from graphfold.transport.body import Body, collector
from graphfold.transport.call import Reply

if TYPE_CHECKING:
    from graphfold.transport.connection import Connection

__all__ = ["Collected", "RawHeaders", "Receiver"]

T = TypeVar("T")

RawHeaders = list[tuple[bytes, bytes]]


class Receiver(Generic[T]):
    """`head`, then `feed` any number of times, then `end`; or `fail` at any point. `bodiless`: the answer to a HEAD."""

    __slots__ = ("bodiless", "connection", "patience", "waiter")

    def __init__(self, *, bodiless: bool = False, patience: float | None = None) -> None:
        self.bodiless, self.patience = bodiless, patience
        self.waiter: asyncio.Future[T]
        self.connection: Connection

    def head(self, status: int, headers: dict[str, str], raw: RawHeaders) -> None:
        raise NotImplementedError

    def feed(self, chunk: bytes) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError

    def fail(self, error: Exception) -> None:
        if not self.waiter.done():  # a call that was cancelled hears nothing more
            self.waiter.set_exception(error)


class Collected(Receiver[Reply]):
    """The reply as a whole, its body decompressed and at most `limit` bytes."""

    __slots__ = ("_body", "_headers", "_limit", "_status")

    def __init__(self, limit: int, *, bodiless: bool = False) -> None:
        super().__init__(bodiless=bodiless)
        self._limit = limit
        self._body: Body

    def head(self, status: int, headers: dict[str, str], raw: RawHeaders) -> None:
        self._status, self._headers = status, headers
        self._body = collector(headers.get("content-encoding", ""), self._limit)

    def feed(self, chunk: bytes) -> None:
        self._body.feed(chunk)

    def end(self) -> None:
        try:
            reply = Reply(self._status, self._headers, self._body.whole())
        except BackendBadReply as error:
            self.fail(error)
        else:
            if not self.waiter.done():
                self.waiter.set_result(reply)
