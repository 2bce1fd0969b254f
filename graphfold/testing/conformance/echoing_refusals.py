"""Refusals of a careless backend, which say words of their own and repeat all that was sent, secrets included.

They come in the formats that backends of the adapter's protocol use, so that an adapter that reads error bodies finds
something to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.testing.conformance.leak_markers import BACKEND_TEXT_MARKER
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.soap_faults import fault_details, fault_reply
from graphfold.testing.conformance.trial import BackendScript

__all__ = ["EchoingRefusal", "echoing_refusals"]

STATUSES = (200, 400, 401, 403, 404, 409, 422, 429, 500, 503)


class EchoingRefusal(NamedTuple):
    name: str
    script: BackendScript


def echoing_refusals(case: OperationCase) -> Iterator[EchoingRefusal]:
    """Yield each format with each status, since servers pair them in every way."""
    for name, response in _formats(case):
        for status in STATUSES:
            yield EchoingRefusal(f"{name} with status {status}", _echo(response, status))


ResponseFormat = Callable[[str, int], httpx.Response]
"""Makes a response of a text and a status."""


def _formats(case: OperationCase) -> Iterator[tuple[str, ResponseFormat]]:
    yield "plain text", lambda text, status: case.response(text.encode(), status)
    for name, body in _JSON_BODIES.items():
        yield name, _json(body)
    if case.adapter.protocol == "GraphQL":
        for code in ("BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"):
            yield f"an error {code}", _json(_graphql_error(code))
    if issubclass(case.adapter, SoapAdapter):
        for code in ("soap:Client", "soap:Server"):
            yield f"a fault {code}", _soap_fault(case.adapter, code)


def _error_object(text: str) -> dict[str, Any]:
    """Return an error as in the API guidelines of the large vendors, and as in RFC 9457."""
    one = {"code": "REFUSED", "field": "name", "message": text, "reason": text, "detail": text, "description": text}
    return {**one, "error": one, "errors": [one], "title": text, "details": [one]}


def _error_texts(text: str) -> dict[str, Any]:
    """Return an error as in OAuth (RFC 6749), and as of frameworks that list messages."""
    return {"error": text, "error_description": text, "errors": [text], "messages": [text], "detail": [{"msg": text}]}


_JSON_BODIES: dict[str, Callable[[str], Any]] = {
    "an error in JSON": _error_object,
    "an error of texts": _error_texts,
    "a list of errors": lambda text: [{"errorCode": "REFUSED", "message": text}],
}


def _graphql_error(code: str) -> Callable[[str], Any]:
    return lambda text: {"data": None, "errors": [{"message": text, "extensions": {"code": code, "reason": text}}]}


def _json(body: Callable[[str], Any]) -> ResponseFormat:
    return lambda text, status: httpx.Response(
        status, content=json.dumps(body(text)), headers={"content-type": "application/json"}
    )


def _soap_fault(adapter: type[SoapAdapter], code: str) -> ResponseFormat:
    return lambda text, status: fault_reply(adapter, code, status, text=text, detail=fault_details(adapter, text))


def _echo(response: ResponseFormat, status: int) -> BackendScript:
    async def script(request: httpx.Request) -> httpx.Response:
        sent = [str(request.url), *request.headers.values(), request.content.decode(errors="replace")]
        return response(" ".join([BACKEND_TEXT_MARKER, *sent]), status)

    return script
