"""Connections of clients. One that is too slow is closed: it would hold memory and a socket for as long as it likes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["PATIENT", "Connection", "Patience"]


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds. `head`: until a request's head is there; `reply`: until the client has taken what it was sent.

    How long a body may take is a setting (`GRAPHFOLD_BODY_TIMEOUT`); one without a request is closed after `idle`.
    """

    head: float = 10
    reply: float = 60
    idle: int = 60


PATIENT = Patience()


class Connection(HttpToolsProtocol):
    """uvicorn's, which itself waits for ever for a head, and for a client that does not read.

    It is looked at now and then, so that a request costs no timer: each time, a tenth of the shorter patience is over,
    and by no more than that is it exceeded.
    """

    def __init__(self, *given: Any, patience: Patience = PATIENT, **named: Any) -> None:
        super().__init__(*given, **named)
        self._patience, self._every = patience, min(patience.head, patience.reply) / 10
        self._look: asyncio.TimerHandle | None = None
        self._headless = self._unread = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _look_again(self) -> None:
        self._look = self.loop.call_later(self._every, self._looked)

    def _looked(self) -> None:
        """Adds up how long it has been waited for, since somebody else's clock would cost each request a look at it."""
        resting = self.timeout_keep_alive_task is not None
        asked = self.cycle is not None and not self.cycle.response_complete
        self._headless = 0.0 if resting or asked else self._headless + self._every
        self._unread = self._unread + self._every if self.transport.get_write_buffer_size() else 0.0
        if self._headless > self._patience.head or self._unread > self._patience.reply:
            self._reset()
        else:
            self._look_again()

    def _reset(self) -> None:
        """At once, and nothing more is sent: else the kernel would keep what is left for who does not take it."""
        told: socket.socket = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # it has ended already
            told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
        self.transport.abort()
