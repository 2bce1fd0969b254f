"""Connections of clients. One that is too slow is closed: it would hold memory and a socket for as long as it likes.

What there is no time for is refused here, where it costs a tenth of a small answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from graphfold.server.admission import BEHIND, Admission
from graphfold.server.endpoint import PATH
from graphfold.server.requestlog import request_id_in
from graphfold.server.responses import error_body

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

_PATH = PATH.encode()


class Connection(HttpToolsProtocol):
    """uvicorn's, which itself waits for ever for a head, and for a client that does not read.

    It is looked at now and then, so that a request costs no timer: each time, a tenth of the shorter patience is over,
    and by no more than that is it exceeded.
    """

    def __init__(self, *given: Any, admission: Admission, patience: Patience = PATIENT, **named: Any) -> None:
        super().__init__(*given, **named)
        self._admission, self._patience = admission, patience
        self._refusing = False
        self._every = min(patience.head, patience.reply) / 10
        self._look: asyncio.TimerHandle | None = None
        self._headless = self._unread = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._look_again()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        """uvicorn makes a task of the request here."""
        self._refusing = self._admission.behind and self._may_refuse()
        if not self._refusing:
            super().on_headers_complete()

    def _may_refuse(self) -> bool:
        """Whether it is a plain question, in its turn. A browser on a page of others needs more than an answer."""
        if self.cycle is not None and not self.cycle.response_complete:
            return False
        parser: Any = self.parser  # there is one while it tells us
        asks = self.url.partition(b"?")[0] == _PATH and parser.get_method() in (b"GET", b"POST")
        return asks and not self.expect_100_continue and not any(name == b"origin" for name, _ in self.headers)

    def on_body(self, body: bytes) -> None:
        if not self._refusing:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self._refusing:
            super().on_message_complete()
            return
        self._refusing = False
        self._admission.turned_away()
        parser: Any = self.parser
        keep = parser.should_keep_alive()
        self.transport.write(_refusal(request_id_in(self.headers), keep=keep))
        if keep:
            self.on_response_complete()
        else:
            self.transport.close()

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


def _refusal(request_id: str, *, keep: bool) -> bytes:
    """As the application says it, in one piece."""
    body = error_body(BEHIND, "OVERLOADED", request_id, 1)
    return _REFUSAL % (b"" if keep else b"connection: close\r\n", request_id.encode(), len(body), body)


_REFUSAL = b"""HTTP/1.1 503 Service Unavailable\r
content-type: application/json; charset=utf-8\r
retry-after: 1\r
cache-control: no-store\r
x-content-type-options: nosniff\r
%bx-request-id: %b\r
content-length: %d\r
\r
%b"""
