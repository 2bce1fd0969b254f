"""A minimal HTTP/1.1 client and server, so that the measuring programs cost next to nothing.

Both support only what the bench needs: whole bodies, one request at a time on a connection, keep-alive.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast
from urllib.parse import urlsplit

import httptools

from bench.ready import announce

QUEUE = 1024


class Served(asyncio.Protocol):
    """The server's side of a connection. Subclasses implement `requested` and call `reply` once per request."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def requested(self, method: bytes, target: bytes, body: bytes) -> None:
        raise NotImplementedError

    def reply(self, body: bytes, *, media: bytes = b"application/json", status: bytes = b"200 OK") -> None:
        head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (status, media, len(body))
        if not self._transport.is_closing():
            self._transport.write(head + body)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._target, self._body = b"", b""

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        self.requested(self._parser.get_method(), self._target, self._body)


async def serve(connection: Callable[[], Served], port: int) -> None:
    """Listen on loopback (port 0: a free one) until cancelled; print the address as one line of JSON."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", port, backlog=QUEUE)
    async with server:
        announce(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await server.serve_forever()


class Refused(Exception):
    """A response with a status other than 200; the message is the start of its body."""


class Client(asyncio.Protocol):
    """The client's side of a connection: one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._parts: list[bytes] = []

    async def send(self, request: bytes) -> bytes:
        """Return the body of the response. Raise `Refused`, or ConnectionError if the server hangs up."""
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        answer = getattr(self, "_answer", None)
        if answer is not None and not answer.done():
            answer.set_exception(ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        body, status = b"".join(self._parts), self._parser.get_status_code()
        self._parts.clear()
        if self._answer.done():
            return
        if status == 200:
            self._answer.set_result(body)
        else:
            self._answer.set_exception(Refused(f"{status}: {body[:300].decode(errors='replace')}"))


class Address:
    """A server's address, parsed once; `path` is the path of its URL."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, parts.path

    async def connect(self) -> Client:
        _, client = await asyncio.get_running_loop().create_connection(Client, self.host, self.port)
        return client

    def get(self, target: str) -> bytes:
        """Build a whole GET request; `target` is appended to the path."""
        return f"GET {self.path}{target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n\r\n".encode()

    def post(self, body: bytes, media: str = "application/json") -> bytes:
        """Build a whole POST request to the path itself."""
        head = f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: {media}\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (head.encode(), len(body), body)


class Pool:
    """Connections to one server, one for each concurrent request."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._idle: list[Client] = []

    async def send(self, request: bytes) -> bytes:
        client = self._idle.pop() if self._idle else await self._address.connect()
        body = await client.send(request)
        self._idle.append(client)
        return body
