"""One line for each request, and the request id: taken from the client or made, sent back, and told in every error.

The line says what was asked by operation name and by a hash of the document. No query text, no variables, no header
values: they may be somebody's secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Iterable
from traceback import format_exception
from typing import Any, ClassVar, Self

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphfold.operation.documents import Documents
from graphfold.server.departure import ClientGone
from graphfold.server.responses import refusal

__all__ = ["Exchange", "RequestLog", "request_id_in"]

_log = structlog.get_logger("graphfold.requests")
_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")
_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
CLIENT_GONE = 499
"""What the log says of a request whose client did not wait; no such status is ever sent."""


class Exchange:
    """A request and what became of it, for the log."""

    KEY: ClassVar[str] = "graphfold.exchange"

    def __init__(self, scope: Scope) -> None:
        self.request_id = request_id_in(scope["headers"])
        self.status: int | None = None
        self.codes: list[str] = []
        self.asked: dict[str, Any] = {}
        self._told: dict[str, Any] = {"method": scope["method"][:20], "path": scope["path"][:200]}
        self._started = time.perf_counter()
        scope[self.KEY] = self

    @classmethod
    def of(cls, scope: Scope) -> Self:
        exchange = scope[cls.KEY]
        assert isinstance(exchange, cls)
        return exchange

    def asks(self, query: str, name: str | None, documents: Documents) -> None:
        """Note which operation it is, as `asked`."""
        operation = documents.operation(query, name)
        if operation is not None:
            self.asked["type"] = operation.operation.value
            self.asked["operation"] = operation.name.value[:100] if operation.name else None
        self.asked["document"] = hashlib.sha256(query.encode()).hexdigest()[:16]

    def tells(self, asked: dict[str, Any]) -> None:
        """It is answered as an equal request was, of which this was noted."""
        self.asked = {**asked, "kept": True}

    def log(self, level: int) -> None:
        milliseconds = round((time.perf_counter() - self._started) * 1000, 1)
        told = self._told | self.asked | {"status": self.status, "ms": milliseconds, "request_id": self.request_id}
        if self.codes:
            told |= {"errors": len(self.codes), "codes": dict(Counter(self.codes))}
        _log.log(level, "request", **told)


def request_id_in(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The client's, names in lower case, or a new one."""
    for name, value in headers:
        given: str = value.decode("latin-1") if name == b"x-request-id" else ""
        if _REQUEST_ID.fullmatch(given):
            return given
    return os.urandom(16).hex()


class RequestLog:
    """ASGI middleware, the outermost: request id, log line, safe headers, and an answer without text to a defect.

    What is below the path `quiet` is logged for debugging only.
    """

    def __init__(self, app: ASGIApp, quiet: str) -> None:
        self._app, self._quiet = app, quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope)
        try:
            await self._answered(exchange, scope, receive, _tagged(exchange, send))
        finally:
            exchange.log(logging.DEBUG if scope["path"].startswith(self._quiet) else logging.INFO)

    async def _answered(self, exchange: Exchange, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except (ClientGone, ConnectionResetError):
            exchange.status = CLIENT_GONE
        except asyncio.CancelledError:
            await _refuse(exchange, send, 504, "The gateway is shutting down.", "DEADLINE_EXCEEDED")
            raise
        except Exception as error:  # a defect of ours must not show its text
            told = "".join(format_exception(error))  # text: some formatters of exceptions print local variables, too
            _log.error("request failed", request_id=exchange.request_id, traceback=told)
            await _refuse(exchange, send, 500, "Internal error.", "INTERNAL")


def _tagged(exchange: Exchange, send: Send) -> Send:
    """`send` that notes the status and adds the headers of every answer."""

    async def tagged(message: Message) -> None:
        if message["type"] == "http.response.start":
            exchange.status = message["status"]
            message["headers"] = [
                *message["headers"],
                (b"x-request-id", exchange.request_id.encode()),
                _NO_SNIFFING,
            ]
        await send(message)

    return tagged


async def _refuse(exchange: Exchange, send: Send, status: int, message: str, code: str) -> None:
    if exchange.status is None:
        exchange.codes = [code]
        await refusal(status, message, code, exchange.request_id).send(send)
