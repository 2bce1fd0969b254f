"""Adds timeouts and cheap rejection under load to uvicorn's client connections.

uvicorn waits for ever for a request's head, and for a client that does not read its response. Such a client would hold
memory and a socket for as long as it likes, so it is disconnected. A request that arrives while the gateway is
overloaded is rejected here, before the application runs, at a tenth of the cost of a small answer.
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

from graphfold.server.admission import OVERLOADED_MESSAGE, Admission
from graphfold.server.endpoint import PATH
from graphfold.server.request_log import find_request_id
from graphfold.server.responses import error_body

__all__ = ["DEFAULT_TIMEOUTS", "ClientConnection", "ClientTimeouts"]


@dataclass(frozen=True, slots=True)
class ClientTimeouts:
    """Seconds until a slow client is disconnected.

    `head` limits the wait for a request's head, `response` the wait for the client to read what was sent, `idle` the
    time without a request. The time for a body is a setting, `GRAPHFOLD_BODY_TIMEOUT`.
    """

    head: float = 10
    response: float = 60
    idle: int = 60


DEFAULT_TIMEOUTS = ClientTimeouts()

_PATH = PATH.encode()


class ClientConnection(HttpToolsProtocol):
    """uvicorn's HTTP connection with timeouts, and with rejection of requests while the gateway is overloaded.

    A timer per request would cost too much. Instead each connection is checked every tenth of the shortest timeout,
    which is also by how much a timeout can be exceeded.
    """

    def __init__(
        self, *args: Any, admission: Admission, timeouts: ClientTimeouts = DEFAULT_TIMEOUTS, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._admission, self._timeouts = admission, timeouts
        self._rejecting = False
        self._interval = min(timeouts.head, timeouts.response) / 10
        self._check_timer: asyncio.TimerHandle | None = None
        self._awaiting_head = self._awaiting_read = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._schedule_check()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._check_timer is not None:
            self._check_timer.cancel()
        super().connection_lost(exc)

    def on_headers_complete(self) -> None:
        self._rejecting = self._admission.overloaded and self._may_reject()
        if not self._rejecting:
            super().on_headers_complete()  # creates the request's task

    def _may_reject(self) -> bool:
        """Return whether the request is plain GraphQL with no response before it that is still being sent.

        A request with an Origin header needs the CORS headers that only the application adds.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            return False  # pipelined: responses have to be sent in the order of the requests (RFC 9112, 9.3.2)
        parser: Any = self.parser  # None only after the connection is lost
        is_graphql = self.url.partition(b"?")[0] == _PATH and parser.get_method() in (b"GET", b"POST")
        return is_graphql and not self.expect_100_continue and not any(name == b"origin" for name, _ in self.headers)

    def on_body(self, body: bytes) -> None:
        if not self._rejecting:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Reject the request only now that its body is read, so that the connection can be kept alive."""
        if not self._rejecting:
            super().on_message_complete()
            return
        self._rejecting = False
        self._admission.record_rejection()
        parser: Any = self.parser
        keep_alive = parser.should_keep_alive()
        request_id = find_request_id(self.headers)
        body = error_body(OVERLOADED_MESSAGE, "OVERLOADED", request_id, 1)
        connection = b"" if keep_alive else b"connection: close\r\n"
        self.transport.write(_REJECTION % (connection, request_id.encode(), len(body), body))
        if keep_alive:
            self.on_response_complete()  # starts uvicorn's keep-alive timer, and resumes reading
        else:
            self.transport.close()

    def _schedule_check(self) -> None:
        self._check_timer = self.loop.call_later(self._interval, self._check)

    def _check(self) -> None:
        """Add the interval to what the client is awaited for, and disconnect it after a timeout.

        Summing intervals costs a request nothing; noting the time of each event would.
        """
        # While the connection is idle between two requests, uvicorn's keep-alive timer limits the wait.
        idle = self.timeout_keep_alive_task is not None
        responding = self.cycle is not None and not self.cycle.response_complete
        self._awaiting_head = 0.0 if idle or responding else self._awaiting_head + self._interval
        self._awaiting_read = self._awaiting_read + self._interval if self.transport.get_write_buffer_size() else 0.0
        if self._awaiting_head > self._timeouts.head or self._awaiting_read > self._timeouts.response:
            # Lingering for 0 s closes with a RST and makes the kernel drop the unsent bytes. Otherwise it would keep
            # them for a client that does not read.
            connection: socket.socket = self.transport.get_extra_info("socket")
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            with contextlib.suppress(OSError):  # the connection has already ended
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.transport.abort()
        else:
            self._schedule_check()


# The response that the application would send for a rejection, in one piece.
_REJECTION = b"""HTTP/1.1 503 Service Unavailable\r
content-type: application/json; charset=utf-8\r
retry-after: 1\r
cache-control: no-store\r
x-content-type-options: nosniff\r
%bx-request-id: %b\r
content-length: %d\r
\r
%b"""
