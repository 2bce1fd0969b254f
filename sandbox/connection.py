"""Serve one client's HTTP/1.1 connection: parse requests, answer them in order, stop when the client leaves.

No HTTP library is used: faults such as a reset or a truncated body need control of the connection itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

import httptools

from sandbox.delivery import deliver, whole
from sandbox.messages import Request, Response, text_response

MOST_BODY = 10_000_000

Answer = Callable[[Request], Awaitable[Response]]


class Connection(asyncio.Protocol):
    """One connection. Requests are answered in order; a disconnect cancels the request in progress."""

    def __init__(self, answer: Answer, peers: set[Connection]) -> None:
        self._answer = answer
        self._peers = peers
        self._parser = httptools.HttpRequestParser(self)
        self._inbox: deque[tuple[Request, bool]] = deque()
        self._work: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peers.discard(self)
        if self._work is not None:
            self._work.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # nothing to upgrade to: the request is answered as it stands, then the connection closes
        except httptools.HttpParserError:
            self._refuse(text_response("This is not HTTP/1.1.", 400))

    def end(self) -> list[asyncio.Task[None]]:
        """Close the connection at once and return the tasks that still have to end."""
        self._transport.abort()
        if self._work is None:
            return []
        self._work.cancel()
        return [self._work]

    # What the parser calls, in the order of a request's parts.

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MOST_BODY:
            self._refuse(text_response("The body is too large.", 413))

    def on_message_complete(self) -> None:
        method, target = self._parser.get_method().decode(), self._target.decode("latin-1")
        request = Request(method, target, self._headers, bytes(self._body))
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._inbox.append((request, keep_alive))
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._answer_all())

    async def _answer_all(self) -> None:
        while self._inbox and not self._transport.is_closing():
            request, keep_alive = self._inbox.popleft()
            await deliver(await self._answer(request), self._transport, keep_alive)

    def _refuse(self, response: Response) -> None:
        self._transport.write(whole(response, keep_alive=False))
        self._transport.close()
