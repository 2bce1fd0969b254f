"""Writes one log line for each request, and gives each an id: the client's, or a new one.

The id is sent back in a header and stands in every error. The line names the operation and a hash of the document. It
holds no query text, no variables and no header values, as these may be secrets.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from traceback import format_exception
from typing import Any, ClassVar, Self

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphfold.observer import Observer, OperationEvent
from graphfold.server.client_disconnect import ClientDisconnected
from graphfold.server.responses import error_response

__all__ = ["OperationRecorder", "RequestLog", "RequestRecord", "find_request_id"]

_log = structlog.get_logger("graphfold.requests")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
# Browsers guess the type of a response from its content otherwise, and might run an answer as a script.
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
CLIENT_DISCONNECTED = 499
"""The status in the log for a client that disconnected before the response, as nginx has it. It is never sent."""


class RequestRecord:
    """What the log line of one request says. It travels in the ASGI scope."""

    KEY: ClassVar[str] = "graphfold.exchange"

    def __init__(self, scope: Scope) -> None:
        self.request_id = find_request_id(scope["headers"])
        self.status: int | None = None
        self.codes: list[str] = []
        self.operation: dict[str, Any] = {}
        # Cut, as clients choose them: a log line has to stay short.
        self._request: dict[str, Any] = {"method": scope["method"][:20], "path": scope["path"][:200]}
        self._started = time.perf_counter()
        scope[self.KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> Self:
        record = scope[cls.KEY]
        assert isinstance(record, cls)
        return record

    def note_operation(self, event: OperationEvent) -> None:
        """Note the operation's type and name, and a hash of its document."""
        if event.kind is not None:
            self.operation["type"] = event.kind
            self.operation["operation"] = event.name[:100] if event.name else None
        self.operation["document"] = hashlib.sha256(event.query.encode()).hexdigest()[:16]

    def note_cached(self, operation: Mapping[str, Any]) -> None:
        """Note that a kept answer was sent; `operation` was noted by the request that made it."""
        self.operation = {**operation, "kept": True}

    def log(self, level: int) -> None:
        milliseconds = round((time.perf_counter() - self._started) * 1000, 1)
        outcome = {"status": self.status, "ms": milliseconds, "request_id": self.request_id}
        fields = self._request | self.operation | outcome
        if self.codes:
            fields |= {"errors": len(self.codes), "codes": dict(Counter(self.codes))}
        _log.log(level, "request", **fields)


_current_record: ContextVar[RequestRecord | None] = ContextVar("graphfold_request_record", default=None)
"""The record of the request that is handled in this context.

The observer of operations gets no ASGI scope, but runs in the same task or one started by it, which copies the context.
"""


class OperationRecorder(Observer):
    """Observer of a graph that notes each operation in the record of the request that it runs for."""

    def operation_started(self, event: OperationEvent) -> None:
        """Note the operation."""
        if (record := _current_record.get()) is not None:
            record.note_operation(event)

    def operation_ended(self, event: OperationEvent) -> None:
        """Note the codes of its errors."""
        if (record := _current_record.get()) is not None:
            record.codes = event.codes


def find_request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the client's `x-request-id`, or a new one if it is missing or not plain ASCII. Names are in lower case."""
    for name, value in headers:
        request_id: str = value.decode("latin-1") if name == b"x-request-id" else ""
        if _REQUEST_ID.fullmatch(request_id):
            return request_id
    return os.urandom(16).hex()


class RequestLog:
    """The outermost ASGI middleware: request id, log line, safe headers, and a 500 without details for a defect.

    Requests below the path `quiet` are logged at debug level only.
    """

    def __init__(self, app: ASGIApp, quiet: str) -> None:
        self._app, self._quiet = app, quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(scope)
        token = _current_record.set(record)
        send = _send_with_headers(record, send)
        try:
            await self._app(scope, receive, send)
        except (ClientDisconnected, ConnectionResetError):
            record.status = CLIENT_DISCONNECTED
        except asyncio.CancelledError:  # by the server, once the grace period of a shutdown is over
            await _send_error(record, send, 504, "The gateway is shutting down.", "DEADLINE_EXCEEDED")
            raise
        except Exception as error:  # a defect of the gateway: clients must not see its message
            # Formatted here: some log formatters print local variables, which may be secrets.
            _log.error("request failed", request_id=record.request_id, traceback="".join(format_exception(error)))
            await _send_error(record, send, 500, "Internal error.", "INTERNAL")
        finally:
            _current_record.reset(token)
            record.log(logging.DEBUG if scope["path"].startswith(self._quiet) else logging.INFO)


def _send_with_headers(record: RequestRecord, send: Send) -> Send:
    """Return a `send` that records the status and adds the headers of every response."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            record.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", record.request_id.encode()),
                _NO_SNIFFING,
            ]
        await send(message)

    return send_with_headers


async def _send_error(record: RequestRecord, send: Send, status: int, message: str, code: str) -> None:
    """Send an error, unless a response has begun: then its status cannot change any more."""
    if record.status is None:
        record.codes = [code]
        await error_response(status, message, code, record.request_id).send(send)
