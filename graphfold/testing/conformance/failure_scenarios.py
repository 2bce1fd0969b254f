"""Each class of failure a backend can show, and its code in the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx

from graphfold.adapter.problems import CALLER_REFUSED
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.errors import CODES
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.soap_faults import enveloped, fault

__all__ = ["FailureScenario", "failure_scenarios"]

_HTML = {"content-type": "text/html"}
_PAGE = b"<html><body>We are down for maintenance.</body></html>"
_UNAVAILABLE, _BAD, _CONTRACT = ("BACKEND_UNAVAILABLE",), ("BACKEND_BAD_REPLY",), ("BACKEND_CONTRACT",)

_REFUSALS = (
    "BACKEND_REJECTED",
    *(code.name for code in CODES.values() if not code.outage and code.name not in ("INTERNAL", "BACKEND_REJECTED")),
    "BACKEND_BAD_REPLY",
)
"""What a refusal may be taken for: the adapter knows best, but nobody is to ask again, and no breaker to count it.

An adapter that reads refusals may well find one that it cannot read.
"""


class FailureScenario(NamedTuple):
    """`reply` is what the backend does, `codes` what may become of it: None stands for an answer."""

    name: str
    reply: httpx.Response | Exception
    codes: tuple[str | None, ...]


def failure_scenarios(case: OperationCase) -> Iterator[FailureScenario]:
    """Those of HTTP, and those of the adapter's protocol."""
    yield from _of_the_network()
    yield from _of_outages()
    yield from _of_refusals(case)
    yield from _of_odd_statuses()
    yield from _of_silence(case)
    yield from _of_bodies(case)
    if issubclass(case.adapter, SoapAdapter):
        yield from _of_soap(case.adapter)
    if case.adapter.protocol == "GraphQL":
        yield from _of_graphql(case)


def _of_the_network() -> Iterator[FailureScenario]:
    yield FailureScenario("refused", httpx.ConnectError("refused"), _UNAVAILABLE)
    yield FailureScenario("reset", httpx.ReadError("reset"), _UNAVAILABLE)
    yield FailureScenario("cut", httpx.RemoteProtocolError("incomplete"), _UNAVAILABLE + _BAD)
    yield FailureScenario("connect timeout", httpx.ConnectTimeout("connect"), ("BACKEND_TIMEOUT",))


def _of_outages() -> Iterator[FailureScenario]:
    codes = dict.fromkeys((500, 502, 503), _UNAVAILABLE) | dict.fromkeys((408, 504), ("BACKEND_TIMEOUT",))
    for status, code in codes.items():
        yield FailureScenario(f"status {status}", httpx.Response(status, content=_PAGE, headers=_HTML), code)
    yield FailureScenario("status 429", httpx.Response(429, headers={"retry-after": "2"}), ("BACKEND_BUSY",))


def _of_refusals(case: OperationCase) -> Iterator[FailureScenario]:
    for status in (401, 403):
        yield FailureScenario(f"status {status}", httpx.Response(status), (_refused(case, status),))
    for status in (400, 404, 405, 409, 410, 415, 422):
        answer = (None,) if status in _MAY_BE_AN_ANSWER else ()
        yield FailureScenario(f"status {status}", httpx.Response(status, json={"code": "NO"}), (*_REFUSALS, *answer))


_MAY_BE_AN_ANSWER = (404, 409, 410, 422)
"""There is none, or it was done before."""


def _refused(case: OperationCase, status: int) -> str:
    """Whose credentials the backend does not take: the caller's, where those are handed on."""
    return CALLER_REFUSED[status][0].code if case.adapter.credential.caller_headers else "BACKEND_CREDENTIALS"


def _of_odd_statuses() -> Iterator[FailureScenario]:
    yield FailureScenario(
        "a redirect", httpx.Response(302, headers={"location": "https://other.test/"}), _BAD + _CONTRACT
    )
    yield FailureScenario("status 501", httpx.Response(501, content=_PAGE, headers=_HTML), _CONTRACT)


def _of_silence(case: OperationCase) -> Iterator[FailureScenario]:
    """An answer only where nothing may be one."""
    answer = () if case.operation.kind == "batch" else (None,)
    yield FailureScenario("status 202 without an answer", httpx.Response(202), (*_BAD, *_CONTRACT, *answer))
    yield FailureScenario("nothing with status 200", case.response(b""), (*_BAD, *answer))


def _of_bodies(case: OperationCase) -> Iterator[FailureScenario]:
    whole = case.template.original()
    yield FailureScenario("an HTML page with status 200", httpx.Response(200, content=_PAGE, headers=_HTML), _BAD)
    yield FailureScenario("half a reply", case.response(whole[: len(whole) // 2]), _BAD)
    yield FailureScenario("bytes that are no text", case.response(b"\xff\xfe\x00{" + whole), _BAD)
    other = enveloped(case.adapter, "<Other/>") if issubclass(case.adapter, SoapAdapter) else "[[]]"
    yield FailureScenario("something else than was agreed", case.response(other.encode()), _CONTRACT + _BAD)


def _of_soap(adapter: type[SoapAdapter]) -> Iterator[FailureScenario]:
    for status in (500, 200):
        server = fault(adapter, "soap:Server", status)
        yield FailureScenario(f"a Server fault with status {status}", server, _UNAVAILABLE)
    for status in (500, 400):
        yield FailureScenario(f"a Client fault with status {status}", fault(adapter, "soap:Client", status), _REFUSALS)
    for code in ("soap:MustUnderstand", "soap:VersionMismatch"):
        yield FailureScenario(f"a fault {code}", fault(adapter, code), _CONTRACT)
    security = fault(adapter, "wsse:FailedAuthentication")
    yield FailureScenario("a fault of WS-Security", security, ("BACKEND_CREDENTIALS",))


def _of_graphql(case: OperationCase) -> Iterator[FailureScenario]:
    for code, ours in (
        ("UNAUTHENTICATED", (_refused(case, 401),)),
        ("FORBIDDEN", (_refused(case, 403),)),
        ("BAD_USER_INPUT", _REFUSALS),
        ("GRAPHQL_PARSE_FAILED", _CONTRACT),
        ("GRAPHQL_VALIDATION_FAILED", _CONTRACT),
        ("INTERNAL_SERVER_ERROR", _UNAVAILABLE),
    ):
        told = {"data": None, "errors": [{"message": "no", "extensions": {"code": code}}]}
        reply = httpx.Response(200, content=json.dumps(told), headers={"content-type": "application/json"})
        yield FailureScenario(f"an error {code}", reply, ours)
