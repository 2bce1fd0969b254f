"""What careless backends say when they refuse: words of their own and all that they were sent.

In the forms in which the backends of a protocol do, so that an adapter that reads them has something to read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.testing.conformance.leak_markers import BACKEND_TEXT_MARKER
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.soap_faults import details, fault
from graphfold.testing.conformance.trial import BackendScript

__all__ = ["EchoingRefusal", "echoing_refusals"]

STATUSES = (200, 400, 401, 403, 404, 409, 422, 429, 500, 503)


class EchoingRefusal(NamedTuple):
    name: str
    script: BackendScript


def echoing_refusals(case: OperationCase) -> Iterator[EchoingRefusal]:
    """Each form with each status: servers are of several minds about which is the right one."""
    for form, response in _forms(case):
        for status in STATUSES:
            yield EchoingRefusal(f"{form} with status {status}", _echoing(response, status))


Response = Callable[[str, int], httpx.Response]
"""What is said and a status to a reply."""


def _forms(case: OperationCase) -> Iterator[tuple[str, Response]]:
    yield "plain text", lambda said, status: case.response(said.encode(), status)
    for name, body in _BODIES.items():
        yield name, _json(body)
    if case.adapter.protocol == "GraphQL":
        for code in ("BAD_USER_INPUT", "INTERNAL_SERVER_ERROR"):
            yield f"an error {code}", _json(_graphql_error(code))
    if issubclass(case.adapter, SoapAdapter):
        for code in ("soap:Client", "soap:Server"):
            yield f"a fault {code}", _fault(case.adapter, code)


def _error(said: str) -> dict[str, Any]:
    """Of the big vendors' guidelines, and of RFC 9457."""
    one = {"code": "REFUSED", "field": "name", "message": said, "reason": said, "detail": said, "description": said}
    return {**one, "error": one, "errors": [one], "title": said, "details": [one]}


def _texts(said: str) -> dict[str, Any]:
    """Of OAuth (RFC 6749), and of frameworks that list texts."""
    return {"error": said, "error_description": said, "errors": [said], "messages": [said], "detail": [{"msg": said}]}


def _list(said: str) -> list[dict[str, Any]]:
    return [{"errorCode": "REFUSED", "message": said}]


_BODIES: dict[str, Callable[[str], Any]] = {
    "an error in JSON": _error,
    "an error of texts": _texts,
    "a list of errors": _list,
}


def _graphql_error(code: str) -> Callable[[str], Any]:
    return lambda said: {"data": None, "errors": [{"message": said, "extensions": {"code": code, "reason": said}}]}


def _json(body: Callable[[str], Any]) -> Response:
    return lambda said, status: httpx.Response(
        status, content=json.dumps(body(said)), headers={"content-type": "application/json"}
    )


def _fault(adapter: type[SoapAdapter], code: str) -> Response:
    return lambda said, status: fault(adapter, code, status, said=said, detail=details(adapter, said))


def _echoing(response: Response, status: int) -> BackendScript:
    async def script(request: httpx.Request) -> httpx.Response:
        sent = [str(request.url), *request.headers.values(), request.content.decode(errors="replace")]
        return response(" ".join([BACKEND_TEXT_MARKER, *sent]), status)

    return script
