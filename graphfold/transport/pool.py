"""The connections to one origin: kept while they may be needed again, given up when idle, closed together."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from graphfold.transport.address import Origin
from graphfold.transport.connection import Connection
from graphfold.transport.failures import ConnectTimedOut, Lost, Stale
from graphfold.transport.names import Name
from graphfold.transport.race import first_of
from graphfold.transport.receiver import Receiver

__all__ = ["Pool"]

T = TypeVar("T")


class Pool:
    """As many are open as calls are made at once: the client says how many that may be.

    `keep` is how long a connection may be idle, in seconds.
    """

    def __init__(self, origin: Origin, tls: Callable[[], ssl.SSLContext], keep: float) -> None:
        self._origin, self._tls, self._keep = origin, tls, keep
        self._name = Name(origin.host)
        self._idle: list[Connection] = []  # the last one used is the first to be used again, so that others grow old
        self._open: set[Connection] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closing: asyncio.Future[None] | None = None

    async def ask(self, request: bytes, receiver: Receiver[T], connect: float | None, *, safe: bool) -> T:
        """The reply, as `receiver` sees it. `connect` in seconds. Raises OSError and what `Connection.ask` does.

        A server may give up a kept connection just when we use it. A call that is `safe` to repeat is then sent once
        more, on a new connection.
        """
        kept = self._kept()
        if kept is not None:
            try:
                return await kept.ask(request, receiver)
            except Stale:
                if not safe:
                    raise
        return await (await self._connected(connect)).ask(request, receiver)

    async def close(self) -> None:
        """Returns when the sockets are closed; calls still under way fail."""
        loop = asyncio.get_running_loop()
        self._stop_sweeping()
        self._closing = loop.create_future()
        for connection in list(self._open):
            self._let_go(connection, loop)
        if self._open:
            await self._closing

    # What connections tell.

    def opened(self, connection: Connection) -> None:
        self._open.add(connection)

    def free(self, connection: Connection) -> None:
        connection.idle_since = connection.loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = connection.loop.call_later(self._keep, self._sweep, connection.loop)

    def gone(self, connection: Connection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if not self._open and self._closing is not None and not self._closing.done():
            self._closing.set_result(None)

    def _kept(self) -> Connection | None:
        if not self._idle:
            return None
        loop = asyncio.get_running_loop()
        while self._idle:
            connection = self._idle.pop()
            fresh = loop.time() - connection.idle_since < self._keep
            if connection.usable and connection.loop is loop and fresh:
                return connection
            self._let_go(connection, loop)
        return None

    def _let_go(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """Drop it; one of another event loop (a test's, a thread's) is left to that loop."""
        if connection.loop is loop:
            connection.drop()
            return
        self._open.discard(connection)
        self._sweeper = None
        if not connection.loop.is_closed():
            connection.loop.call_soon_threadsafe(connection.drop)

    async def _connected(self, seconds: float | None) -> Connection:
        origin, closing = self._origin, self._closing
        if not origin.host or origin.scheme not in ("http", "https"):
            raise OSError("no address of HTTP")
        tls = self._tls() if origin.scheme == "https" else None
        try:
            async with asyncio.timeout(seconds):
                connection = await first_of(await self._name.addresses(), partial(self._connected_to, tls))
        except TimeoutError:
            raise ConnectTimedOut(f"no connection in {seconds} s") from None
        except UnicodeError as error:  # a host name that DNS cannot carry
            raise OSError(str(error)) from None
        if self._closing is not closing:
            connection.drop()
        if not connection.usable:
            raise Lost("closed as soon as it was open")
        return connection

    async def _connected_to(self, tls: ssl.SSLContext | None, address: str) -> Connection:
        """The certificate has to be the name's, to whichever address that leads."""
        origin, loop = self._origin, asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: Connection(self, loop), address, origin.port, ssl=tls, server_hostname=origin.host if tls else None
        )
        return connection

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends what has been idle for too long, and comes back while there is something left."""
        self._sweeper = None
        oldest = loop.time() - self._keep
        for connection in [one for one in self._idle if one.loop is loop and one.idle_since <= oldest]:
            self._idle.remove(connection)
            connection.drop()
        if self._idle:
            due = max(self._idle[0].idle_since - oldest, 0.001)
            self._sweeper = loop.call_later(due, self._sweep, loop)

    def _stop_sweeping(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
