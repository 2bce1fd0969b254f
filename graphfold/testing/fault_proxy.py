"""A loopback proxy that imposes faults on the connections to a real backend, below HTTP and on demand.

client <--- ProxiedConnection ---> backend
        each piece read in either direction is handed to the proxy's current fault, which sends it on
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Self

import httpx

from graphfold.testing.faults import ConnectionEnded, Fault, Refuse

__all__ = ["FaultProxy"]

_PIECE = 65536


class FaultProxy:
    """A proxy to one backend: `async with FaultProxy("http://127.0.0.1:8001") as proxy:` listens at `proxy.url`.

    `await proxy.inject(Drip())` applies to open and new connections until `await proxy.heal()`.
    It passes bytes on and reads neither HTTP nor TLS.
    """

    def __init__(self, target: str) -> None:
        self._target = httpx.URL(target)
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self.fault = Fault()
        self.connections = 0
        self._acceptor: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._switch = asyncio.Event()

    @property
    def url(self) -> str:
        """The target's URL with the proxy's address."""
        return str(self._target.copy_with(host="127.0.0.1", port=self.port)).rstrip("/")

    @property
    def open(self) -> int:
        """The number of open connections."""
        return len(self._running)

    async def inject(self, fault: Fault) -> None:
        """Replace the current fault, for open connections too."""
        if isinstance(fault, Refuse):
            await self._stop_listening()
        else:
            self._listen()
        self.fault = fault
        # Each switch has an event of its own: setting it wakes all who wait, and later waits are for the next switch.
        switch, self._switch = self._switch, asyncio.Event()
        switch.set()

    async def heal(self) -> None:
        """Remove the current fault."""
        await self.inject(Fault())

    async def switched(self) -> None:
        """Wait until the fault is replaced."""
        await self._switch.wait()

    async def __aenter__(self) -> Self:
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop_listening()
        self._socket.close()

    def _listen(self) -> None:
        if self._acceptor is None:
            self._socket.listen()
            self._acceptor = asyncio.get_running_loop().create_task(self._accept())

    async def _stop_listening(self) -> None:
        """Refuse connections and end open ones. The port stays bound, so that no other process can take it."""
        if self._acceptor is not None:
            await _cancel({self._acceptor})
            self._acceptor = None
            self._socket.close()
            self._socket = _bound(self.port)
            await _cancel(self._running)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(self._socket)
            self.connections += 1
            streams = await asyncio.open_connection(sock=accepted)
            task = loop.create_task(_Connection(self, *streams).run(self._target))
            self._running.add(task)
            task.add_done_callback(self._running.discard)


class _Connection:
    """A client's connection together with the one to the backend that serves it: a `ProxiedConnection`."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._upstream: asyncio.StreamWriter
        self.reply_bytes, self.answered = 0, False

    async def run(self, target: httpx.URL) -> None:
        """Pass bytes on until either side or the fault ends the connection; reset it when the proxy ends."""
        try:
            await self._connect(target)
        except asyncio.CancelledError:
            self.reset()
            raise
        finally:
            self._writer.close()

    async def send_request(self, piece: bytes) -> None:
        self.reply_bytes = 0
        await _send(self._upstream, piece)

    async def send_reply(self, piece: bytes) -> None:
        self.reply_bytes += len(piece)
        self.answered = self.answered or bool(piece)
        await _send(self._writer, piece)

    async def switched(self) -> None:
        await self._proxy.switched()

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        connection: socket.socket = self._writer.get_extra_info("socket")
        # With a linger time of 0 closing discards what is unsent and sends RST instead of FIN.
        with contextlib.suppress(OSError):  # already closed
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def half_close(self) -> None:
        if not self._writer.is_closing():
            self._writer.write_eof()

    async def _connect(self, target: httpx.URL) -> None:
        proxy = self._proxy  # its fault may be replaced at any time, so it is looked up for every piece
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            reader, upstream = await asyncio.open_connection(target.host, port)
            self._upstream = upstream
            try:
                async with asyncio.TaskGroup() as directions:
                    directions.create_task(
                        _forward(self._reader, lambda piece: proxy.fault.request(self, piece), upstream)
                    )
                    directions.create_task(_forward(reader, lambda piece: proxy.fault.reply(self, piece), self._writer))
            finally:
                upstream.transport.abort()
        except* (OSError, ConnectionEnded):  # alone, or in the group of the two directions
            pass


async def _forward(
    source: asyncio.StreamReader, handle: Callable[[bytes], Awaitable[bytes]], sink: asyncio.StreamWriter
) -> None:
    """Hand each piece to the current fault until all of it is handled; at the end of the source close the sink."""
    while piece := await source.read(_PIECE):
        while piece:
            piece = await handle(piece)
    if not sink.is_closing():
        sink.write_eof()


async def _send(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if writer.is_closing():  # asyncio only warns about a write after this; uvloop raises
        raise ConnectionResetError
    writer.write(piece)
    await writer.drain()


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    if os.name != "nt":  # on Windows this option lets two processes bind the same port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.setblocking(False)
    return bound
