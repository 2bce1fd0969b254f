"""Serves `POST /invalidate`: a signed message from a backend names what has changed, and the caches forget it."""

from __future__ import annotations

import asyncio

import msgspec
import structlog
from fastapi import APIRouter, Request, Response

from graphfold.errors import InvalidInput
from graphfold.secret import Secret
from graphfold.server.request_log import RequestRecord
from graphfold.server.requests import RequestRejected, read_body
from graphfold.server.responses import JSON, error_response
from graphfold.server.served_graph import ServedGraph
from graphfold.server.webhook_signature import WebhookVerifier

__all__ = ["PATH", "routes"]

PATH = "/invalidate"
MAX_BODY = 100_000
"""Bytes of a message."""

_log = structlog.get_logger("graphfold")


class InvalidationMessage(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a message: the `keys` of a backend operation that have changed, or `all` of them."""

    backend: str
    operation: str
    keys: list[object] | None = None
    all: bool = False


def routes(graph: ServedGraph, secret: Secret) -> APIRouter:
    """Return the route for messages that are signed with this secret."""
    router, verifier = APIRouter(), WebhookVerifier(secret)

    @router.post(PATH)
    async def invalidate(request: Request) -> Response:
        try:
            # The signature is verified before anything of the body is parsed.
            body = await _read_body(request, graph.settings.body_timeout)
            verifier.verify(request.headers, body)
            outcome = _invalidate(graph, verifier, request, body)
        except RequestRejected as error:
            record = RequestRecord.of(request.scope)
            record.codes = [error.code]
            response = error_response(error.status, error.message, error.code, record.request_id)
            return Response(response.body, response.status, media_type=JSON)
        return Response(msgspec.json.encode(outcome), media_type=JSON)

    return router


async def _read_body(request: Request, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await read_body(request.receive, request.headers.get("content-length"), MAX_BODY)
    except TimeoutError:
        message = f"The message did not arrive within {seconds:g} s."
        raise RequestRejected(408, message, code="LIMIT_EXCEEDED") from None


def _invalidate(graph: ServedGraph, verifier: WebhookVerifier, request: Request, body: bytes) -> dict[str, object]:
    """Invalidate what a verified message names, and return the body of the response."""
    try:
        message = msgspec.json.decode(body, type=InvalidationMessage)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise RequestRejected(400, f"The message cannot be read: {error}.") from None
    if message.all is (message.keys is not None):
        raise RequestRejected(400, 'Say which `keys` have changed, or `"all": true`, not both.')
    outcome: dict[str, object] = {"backend": message.backend, "operation": message.operation}
    # Senders repeat a message whose response they did not get, so a repeated one is answered like a success.
    if not verifier.is_new(request.headers):
        return outcome | {"forgotten": 0, "repeated": True}
    try:
        graph.invalidate(message.backend, message.operation, message.keys)
    except InvalidInput as error:
        raise RequestRejected(400, error.message) from None
    # Only now: a message that was rejected above may be sent again, corrected, under the same id.
    verifier.remember(request.headers)
    outcome["forgotten"] = "all" if message.keys is None else len(message.keys)
    _log.info("invalidated", **outcome)
    return outcome
