"""`POST /invalidate`: a backend says what has changed there, in a signed message, and it is forgotten here."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import structlog
from fastapi import APIRouter, Request, Response

from graphfold.errors import InvalidInput
from graphfold.secret import Secret
from graphfold.server.requestlog import Exchange
from graphfold.server.requests import Refused, body_of
from graphfold.server.responses import JSON, refusal
from graphfold.server.served import Served
from graphfold.server.signature import Receiver

__all__ = ["PATH", "routes"]

PATH = "/invalidate"
MAX_BODY = 100_000

_log = structlog.get_logger("graphfold")


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What has changed: `keys` of an operation, or `all` of them."""

    backend: str
    operation: str
    keys: list[Any] | None = None
    all: bool = False


def routes(graph: Served, secret: Secret) -> APIRouter:
    """For messages that are signed with this secret."""
    router, receiver = APIRouter(), Receiver(secret)

    @router.post(PATH)
    async def invalidate(request: Request) -> Response:
        try:
            body = await _body(request, graph.settings.body_timeout)
            receiver.check(request.headers, body)
            told = _invalidated(graph, receiver, request, _change(body))
        except Refused as error:
            exchange = Exchange.of(request.scope)
            exchange.codes = [error.code]
            reply = refusal(error.status, error.message, error.code, exchange.request_id)
            return Response(reply.body, reply.status, media_type=JSON)
        return Response(msgspec.json.encode(told), media_type=JSON)

    return router


async def _body(request: Request, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await body_of(request.receive, request.headers.get("content-length"), MAX_BODY)
    except TimeoutError:
        raise Refused(408, f"The message did not arrive within {seconds:g} s.", code="LIMIT_EXCEEDED") from None


def _change(body: bytes) -> Change:
    try:
        change = msgspec.json.decode(body, type=Change)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refused(400, f"The message cannot be read: {error}.") from None
    if change.all is (change.keys is not None):
        raise Refused(400, 'Say which `keys` have changed, or `"all": true`, not both.')
    return change


def _invalidated(graph: Served, receiver: Receiver, request: Request, change: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"backend": change.backend, "operation": change.operation}
    if not receiver.is_new(request.headers):
        return told | {"forgotten": 0, "repeated": True}
    try:
        graph.invalidate(change.backend, change.operation, change.keys)
    except InvalidInput as error:
        raise Refused(400, error.message) from None
    receiver.take(request.headers)
    told["forgotten"] = "all" if change.keys is None else len(change.keys)
    _log.info("invalidated", **told)
    return told
