"""A backend that follows a script: raw bytes over real sockets, so that a reply can go wrong in every way."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from graphfold.transport.client import Client

__all__ = ["OK", "Backend", "Connect", "Peer", "Script", "Serve", "always", "backend", "settled", "until"]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class Peer:
    """The backend's end of one connection. `number` counts connections from 0."""

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number, self._reader, self._writer = number, reader, writer

    async def request(self) -> bytes:
        """Return the next request, head and body. Raise EOFError when the client has closed the connection."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        return head + await self._reader.readexactly(int(length[1]) if length else 0)

    async def send(self, *pieces: bytes) -> None:
        """Send each piece so that it arrives alone. Client and backend share one loop, so give it a turn after each."""
        for piece in pieces:
            if self._writer.is_closing():  # uvloop raises another error for such a write
                raise ConnectionResetError
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """Reset the connection, so that the client sees an error instead of an end."""
        connection: socket.socket = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def gone(self) -> None:
        """Return when the client has closed the connection; ignore what it sends until then."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass


Script = Callable[[Peer], Awaitable[None]]


class Serve(Protocol):
    """Starts a backend that is stopped after the test."""

    async def __call__(
        self, script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> Backend: ...


class Connect(Protocol):
    """Makes a client of a backend or an address. `parallel` limits concurrent calls, the others are `CallLimits`."""

    def __call__(
        self,
        target: Backend | str,
        *,
        total: float = 5,
        connect: float = 5,
        reply: int = 10_000_000,
        parallel: int = 32,
    ) -> Client: ...


class Backend:
    """A running backend. `requests` has the complete ones; `connections` counts all, `ended` the closed ones."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[bytes] = []
        self.connections = self.ended = 0
        self.port = 0
        self.scheme, self.host = "http", "127.0.0.1"

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(self.connections, reader, writer)
        self.connections += 1
        task = asyncio.get_running_loop().create_task(self._serve(peer, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, peer: Peer, writer: asyncio.StreamWriter) -> None:
        read_request = peer.request

        async def request() -> bytes:
            self.requests.append(await read_request())
            return self.requests[-1]

        peer.request = request  # type: ignore[method-assign]
        try:
            with contextlib.suppress(EOFError, ConnectionError):
                await self._script(peer)
        finally:
            self.ended += 1
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def backend(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Backend]:
    """Run a backend that executes `script` for each connection."""
    running = Backend(script)
    running.host, running.scheme = host, "https" if tls else "http"
    server = await asyncio.start_server(running.accept, host, port, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await running.stop()
        await server.wait_closed()


def always(*pieces: bytes) -> Script:
    """Return a script that sends the same reply to every request."""

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(*pieces)

    return script


async def until(holds: Callable[[], bool]) -> None:
    """Let the loop run until `holds()`."""
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


async def settled() -> None:
    """Let the loop read all that the kernel has received, and run the callbacks."""
    for _ in range(5):
        await asyncio.sleep(0)
