"""Accepts all waiting client connections in one turn of the event loop.

uvloop's own server accepts one connection a turn. Under load turns are long, and clients would wait for seconds to be
accepted, even those that are then rejected with 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import structlog

__all__ = ["Acceptor"]

_log = structlog.get_logger("graphfold")

MAX_PER_TURN = 1024
"""Connections accepted in one turn of the loop."""

PAUSE = 1.0
"""Seconds without accepting when the process has no file descriptor left."""


class Acceptor:
    """Accepts the connections of a listening socket until it is closed; `protocol` makes the protocol of each."""

    def __init__(self, listener: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._listener, self._protocol = listener, protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._pause: asyncio.TimerHandle | None = None
        listener.setblocking(False)
        self._listen()

    def close(self) -> None:
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._opening, return_exceptions=True)

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        for _ in range(MAX_PER_TURN):
            try:
                connection, _address = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return  # none is waiting, or the client has gone; the loop calls again if there is another
            except OSError as error:
                # No file descriptor is left (EMFILE). The socket stays readable, so the loop would call this for ever.
                _log.error("no connection can be taken", reason=error.strerror)
                self._loop.remove_reader(self._listener)
                self._pause = self._loop.call_later(PAUSE, self._listen)
                return
            connection.setblocking(False)
            with contextlib.suppress(OSError):  # the client has already disconnected
                # Without this, Nagle's algorithm holds back the end of a response until the client acknowledges its
                # beginning.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opening = self._loop.create_task(self._loop.connect_accepted_socket(self._protocol, connection))
            self._opening.add(opening)  # the loop itself holds only weak references to tasks
            opening.add_done_callback(self._on_opened)

    def _on_opened(self, opening: asyncio.Task[object]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled():
            opening.exception()  # retrieved, or asyncio logs it: the client has already disconnected
