"""A proxy on loopback that treats the connections to a real backend badly, below HTTP and on demand."""

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
    """`async with FaultProxy("http://127.0.0.1:8001") as proxy:` listens at `proxy.url`, a port of its own.

    `await proxy.inject(Drip())` holds from then on, for connections that are open too, until `await proxy.heal()`.
    It sees bytes only: what HTTP or TLS make of them is theirs.
    """

    def __init__(self, target: str) -> None:
        self._target = httpx.URL(target)
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]
        self.fault = Fault()
        self.connections = 0
        self._acceptor: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._switch = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it stands in for the target."""
        return str(self._target.copy_with(host="127.0.0.1", port=self.port)).rstrip("/")

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._tasks)

    async def inject(self, fault: Fault) -> None:
        """From now on connections have this fault, and no other."""
        if isinstance(fault, Refuse):
            await self._deafen()
        else:
            self._listen()
        self.fault = fault
        switch, self._switch = self._switch, asyncio.Event()
        switch.set()

    async def heal(self) -> None:
        """From now on all is well."""
        await self.inject(Fault())

    async def switched(self) -> None:
        """Returns when there is another fault."""
        await self._switch.wait()

    async def __aenter__(self) -> Self:
        self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._deafen()
        self._socket.close()

    def _listen(self) -> None:
        if self._acceptor is None:
            self._socket.listen()
            self._acceptor = asyncio.get_running_loop().create_task(self._accept())

    async def _deafen(self) -> None:
        """Nobody listens at the port, but nobody else can take it."""
        if self._acceptor is not None:
            await _ended({self._acceptor})
            self._acceptor = None
            self._socket.close()
            self._socket = _bound(self.port)
            await _ended(self._tasks)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            accepted, _ = await loop.sock_accept(self._socket)
            self.connections += 1
            link = loop.create_task(_Connection(self, *await asyncio.open_connection(sock=accepted)).run(self._target))
            self._tasks.add(link)
            link.add_done_callback(self._tasks.discard)


class _Connection:
    """One connection of a client, with its own to the backend."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._upstream: asyncio.StreamWriter
        self.reply_bytes, self.answered = 0, False

    async def run(self, target: httpx.URL) -> None:
        """Until either side or the fault ends it; when the proxy does, it is reset."""
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
        told: socket.socket = self._writer.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it has ended already
            told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def half_close(self) -> None:
        if not self._writer.is_closing():
            self._writer.write_eof()

    async def _connect(self, target: httpx.URL) -> None:
        port = target.port or (443 if target.scheme == "https" else 80)
        try:
            reader, self._upstream = await asyncio.open_connection(target.host, port)
            try:
                await self._pass_on(reader)
            finally:
                self._upstream.transport.abort()
        except* (OSError, ConnectionEnded):
            pass

    async def _pass_on(self, upstream: asyncio.StreamReader) -> None:
        proxy = self._proxy
        async with asyncio.TaskGroup() as ways:
            ways.create_task(self._way(self._reader, lambda piece: proxy.fault.request(self, piece), self._upstream))
            ways.create_task(self._way(upstream, lambda piece: proxy.fault.reply(self, piece), self._writer))

    async def _way(
        self, source: asyncio.StreamReader, treat: Callable[[bytes], Awaitable[bytes]], end: asyncio.StreamWriter
    ) -> None:
        """One direction: each piece is dealt with by whatever the fault is by then; at the end so is the other side."""
        while piece := await source.read(_PIECE):
            while piece:
                piece = await treat(piece)
        if not end.is_closing():
            end.write_eof()


async def _send(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if writer.is_closing():  # uvloop has no patience with who writes now
        raise ConnectionResetError
    writer.write(piece)
    await writer.drain()


async def _ended(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    if os.name != "nt":  # there it means something else
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    bound.setblocking(False)
    return bound
