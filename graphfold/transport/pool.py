"""Keep the connections to one origin: reuse idle ones, close them when they expire, close all together.

    exchange --> idle connection? --- yes --> send --- server closed it? --> send again on a new one (if safe)
                       |
                       no --> resolve the host, connect (happy eyeballs, TLS) --> send

There is no limit on the number of connections: the bulkhead of the backend's guard bounds the number of calls.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from graphfold.transport.address import Origin
from graphfold.transport.connection import BackendConnection
from graphfold.transport.connection_errors import ConnectionLost, ConnectTimedOut, StaleConnection
from graphfold.transport.dns import HostResolver
from graphfold.transport.happy_eyeballs import first_connection
from graphfold.transport.receiver import ReplyReceiver

__all__ = ["ConnectionPool"]

T = TypeVar("T")


class ConnectionPool:
    """The connections to one origin. An idle connection is closed after `keepalive_expiry` seconds."""

    def __init__(self, origin: Origin, tls: Callable[[], ssl.SSLContext], keepalive_expiry: float) -> None:
        self._origin, self._tls, self._keepalive_expiry = origin, tls, keepalive_expiry
        self._resolver = HostResolver(origin.host)
        # A stack: the connection used last is reused first, so that surplus ones expire after a peak. It is therefore
        # ordered by `idle_since`, oldest first.
        self._idle: list[BackendConnection] = []
        self._open: set[BackendConnection] = set()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._closed: asyncio.Future[None] | None = None

    async def exchange(
        self, request: bytes, receiver: ReplyReceiver[T], connect_timeout: float | None, *, safe: bool
    ) -> T:
        """Send a request and return what `receiver` makes of the reply.

        Raise OSError, and what `BackendConnection.exchange` raises. A server may close a kept-alive connection at the
        moment it is used; a request that is `safe` to repeat is then sent once more, on a new connection.
        """
        idle = self._take_idle()
        if idle is not None:
            try:
                return await idle.exchange(request, receiver)
            except StaleConnection:
                if not safe:
                    raise
        return await (await self._connect(connect_timeout)).exchange(request, receiver)

    async def close(self) -> None:
        """Return when all sockets are closed. Calls in flight fail."""
        loop = asyncio.get_running_loop()
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
            self._sweep_timer = None
        self._closed = loop.create_future()
        for connection in list(self._open):
            self._discard(connection, loop)
        if self._open:
            await self._closed

    # Callbacks of connections.

    def connection_opened(self, connection: BackendConnection) -> None:
        self._open.add(connection)

    def connection_idle(self, connection: BackendConnection) -> None:
        connection.idle_since = connection.loop.time()
        self._idle.append(connection)
        if self._sweep_timer is None:
            self._sweep_timer = connection.loop.call_later(self._keepalive_expiry, self._sweep, connection.loop)

    def connection_closed(self, connection: BackendConnection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._open and self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    def _take_idle(self) -> BackendConnection | None:
        """Return a usable idle connection of this event loop, discarding others on the way."""
        if not self._idle:
            return None
        loop = asyncio.get_running_loop()
        while self._idle:
            connection = self._idle.pop()
            fresh = loop.time() - connection.idle_since < self._keepalive_expiry
            if connection.usable and connection.loop is loop and fresh:
                return connection
            self._discard(connection, loop)
        return None

    def _discard(self, connection: BackendConnection, loop: asyncio.AbstractEventLoop) -> None:
        """Close a connection. One of another event loop (a test's, a thread's) is closed by that loop."""
        if connection.loop is loop:
            connection.drop()
            return
        self._open.discard(connection)
        self._sweep_timer = None  # it may be a timer of the other loop, which may never run again
        if not connection.loop.is_closed():
            connection.loop.call_soon_threadsafe(connection.drop)

    async def _connect(self, seconds: float | None) -> BackendConnection:
        origin, closed = self._origin, self._closed
        if not origin.host or origin.scheme not in ("http", "https"):
            raise OSError("not an HTTP address")
        tls = self._tls() if origin.scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolver.addresses()
                connection = await first_connection(addresses, partial(self._connect_to, tls))
        except TimeoutError:
            raise ConnectTimedOut(f"no connection in {seconds} s") from None
        except UnicodeError as error:  # a host name that DNS cannot carry
            raise OSError(str(error)) from None
        if self._closed is not closed:  # the pool was closed meanwhile, and `close` may not have seen this connection
            connection.drop()
        if not connection.usable:
            raise ConnectionLost("closed right after it was opened")
        return connection

    async def _connect_to(self, tls: ssl.SSLContext | None, address: str) -> BackendConnection:
        origin, loop = self._origin, asyncio.get_running_loop()
        # The connection goes to an address, but the certificate is verified for the host name.
        server_hostname = origin.host if tls else None
        _, connection = await loop.create_connection(
            lambda: BackendConnection(self, loop), address, origin.port, ssl=tls, server_hostname=server_hostname
        )
        return connection

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close expired connections, and run again when the next one expires."""
        self._sweep_timer = None
        oldest = loop.time() - self._keepalive_expiry
        for connection in [idle for idle in self._idle if idle.loop is loop and idle.idle_since <= oldest]:
            self._idle.remove(connection)
            connection.drop()
        if self._idle:
            delay = max(self._idle[0].idle_since - oldest, 0.001)
            self._sweep_timer = loop.call_later(delay, self._sweep, loop)
