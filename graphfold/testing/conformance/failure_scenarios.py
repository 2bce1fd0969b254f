"""Every class of failure that a backend can show, with the error codes an adapter may make of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx

from graphfold.adapter.reply_errors import CALLER_CREDENTIAL_ERRORS
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.errors import CODES
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.soap_faults import fault_reply, in_envelope

__all__ = ["FailureScenario", "failure_scenarios"]

_HTML = {"content-type": "text/html"}
_PAGE = b"<html><body>We are down for maintenance.</body></html>"
_UNAVAILABLE, _BAD, _CONTRACT = ("BACKEND_UNAVAILABLE",), ("BACKEND_BAD_REPLY",), ("BACKEND_CONTRACT",)

_REFUSALS = (
    "BACKEND_REJECTED",
    *(code.name for code in CODES.values() if not code.outage and code.name not in ("INTERNAL", "BACKEND_REJECTED")),
    "BACKEND_BAD_REPLY",
)
"""The codes a refusal may have: any that neither invites a retry nor counts for the circuit breaker.

Which one it is only the adapter knows. BACKEND_BAD_REPLY is for a refusal that the adapter cannot read.
"""

_STATUSES_OF_ANSWERS = (404, 409, 410, 422)
"""The statuses that an adapter may take for an answer: there is no such record, or it was written before."""


class FailureScenario(NamedTuple):
    """`reply` is what the backend does, `codes` are the codes allowed for it; None among them allows an answer."""

    name: str
    reply: httpx.Response | Exception
    codes: tuple[str | None, ...]


def failure_scenarios(case: OperationCase) -> Iterator[FailureScenario]:
    """Yield the failures of HTTP, and those of the adapter's protocol."""
    yield from _network_failures()
    yield from _failing_statuses(case)
    yield from _unusable_bodies(case)
    if issubclass(case.adapter, SoapAdapter):
        yield from _soap_faults(case.adapter)
    if case.adapter.protocol == "GraphQL":
        yield from _graphql_errors(case)


def _network_failures() -> Iterator[FailureScenario]:
    yield FailureScenario("refused", httpx.ConnectError("refused"), _UNAVAILABLE)
    yield FailureScenario("reset", httpx.ReadError("reset"), _UNAVAILABLE)
    yield FailureScenario("cut", httpx.RemoteProtocolError("incomplete"), _UNAVAILABLE + _BAD)
    yield FailureScenario("connect timeout", httpx.ConnectTimeout("connect"), ("BACKEND_TIMEOUT",))


def _failing_statuses(case: OperationCase) -> Iterator[FailureScenario]:
    outages = dict.fromkeys((500, 502, 503), _UNAVAILABLE) | dict.fromkeys((408, 504), ("BACKEND_TIMEOUT",))
    for status, codes in outages.items():
        yield FailureScenario(f"status {status}", httpx.Response(status, content=_PAGE, headers=_HTML), codes)
    yield FailureScenario("status 429", httpx.Response(429, headers={"retry-after": "2"}), ("BACKEND_BUSY",))
    for status in (401, 403):
        yield FailureScenario(f"status {status}", httpx.Response(status), (_credentials_code(case, status),))
    for status in (400, 404, 405, 409, 410, 415, 422):
        answer = (None,) if status in _STATUSES_OF_ANSWERS else ()
        yield FailureScenario(f"status {status}", httpx.Response(status, json={"code": "NO"}), (*_REFUSALS, *answer))
    redirect = httpx.Response(302, headers={"location": "https://other.test/"})
    yield FailureScenario("a redirect", redirect, _BAD + _CONTRACT)
    yield FailureScenario("status 501", httpx.Response(501, content=_PAGE, headers=_HTML), _CONTRACT)


def _credentials_code(case: OperationCase, status: int) -> str:
    """Return the code for credentials that the backend refuses: the caller's where the adapter passes these on."""
    return CALLER_CREDENTIAL_ERRORS[status][0].code if case.adapter.credential.caller_headers else "BACKEND_CREDENTIALS"


def _unusable_bodies(case: OperationCase) -> Iterator[FailureScenario]:
    answer = () if case.operation.kind == "batch" else (None,)  # a read or write may take an empty body for an answer
    yield FailureScenario("status 202 without an answer", httpx.Response(202), (*_BAD, *_CONTRACT, *answer))
    yield FailureScenario("an empty body with status 200", case.response(b""), (*_BAD, *answer))
    whole = case.template.original()
    yield FailureScenario("an HTML page with status 200", httpx.Response(200, content=_PAGE, headers=_HTML), _BAD)
    yield FailureScenario("half a reply", case.response(whole[: len(whole) // 2]), _BAD)
    yield FailureScenario("bytes that are not text", case.response(b"\xff\xfe\x00{" + whole), _BAD)
    other = in_envelope(case.adapter, "<Other/>") if issubclass(case.adapter, SoapAdapter) else "[[]]"
    yield FailureScenario("a body of another format", case.response(other.encode()), _CONTRACT + _BAD)


def _soap_faults(adapter: type[SoapAdapter]) -> Iterator[FailureScenario]:
    for status in (500, 200):
        server = fault_reply(adapter, "soap:Server", status)
        yield FailureScenario(f"a Server fault with status {status}", server, _UNAVAILABLE)
    for status in (500, 400):
        client = fault_reply(adapter, "soap:Client", status)
        yield FailureScenario(f"a Client fault with status {status}", client, _REFUSALS)
    for code in ("soap:MustUnderstand", "soap:VersionMismatch"):
        yield FailureScenario(f"a fault {code}", fault_reply(adapter, code), _CONTRACT)
    security = fault_reply(adapter, "wsse:FailedAuthentication")
    yield FailureScenario("a fault of WS-Security", security, ("BACKEND_CREDENTIALS",))


def _graphql_errors(case: OperationCase) -> Iterator[FailureScenario]:
    for code, allowed in (
        ("UNAUTHENTICATED", (_credentials_code(case, 401),)),
        ("FORBIDDEN", (_credentials_code(case, 403),)),
        ("BAD_USER_INPUT", _REFUSALS),
        ("GRAPHQL_PARSE_FAILED", _CONTRACT),
        ("GRAPHQL_VALIDATION_FAILED", _CONTRACT),
        ("INTERNAL_SERVER_ERROR", _UNAVAILABLE),
    ):
        body = {"data": None, "errors": [{"message": "no", "extensions": {"code": code}}]}
        reply = httpx.Response(200, content=json.dumps(body), headers={"content-type": "application/json"})
        yield FailureScenario(f"an error {code}", reply, allowed)
