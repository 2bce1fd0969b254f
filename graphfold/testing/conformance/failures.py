"""Each class of failure a backend can show, and its code in the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx

from graphfold.adapter.problems import CALLER_REFUSED
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.errors import CODES
from graphfold.testing.conformance.sample import Case
from graphfold.testing.conformance.soap_faults import enveloped, fault

__all__ = ["Failure", "failures_of"]

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


class Failure(NamedTuple):
    """`reply` is what the backend does, `codes` what may become of it: None stands for an answer."""

    name: str
    reply: httpx.Response | Exception
    codes: tuple[str | None, ...]


def failures_of(case: Case) -> Iterator[Failure]:
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


def _of_the_network() -> Iterator[Failure]:
    yield Failure("refused", httpx.ConnectError("refused"), _UNAVAILABLE)
    yield Failure("reset", httpx.ReadError("reset"), _UNAVAILABLE)
    yield Failure("cut", httpx.RemoteProtocolError("incomplete"), _UNAVAILABLE + _BAD)
    yield Failure("connect timeout", httpx.ConnectTimeout("connect"), ("BACKEND_TIMEOUT",))


def _of_outages() -> Iterator[Failure]:
    codes = dict.fromkeys((500, 502, 503), _UNAVAILABLE) | dict.fromkeys((408, 504), ("BACKEND_TIMEOUT",))
    for status, code in codes.items():
        yield Failure(f"status {status}", httpx.Response(status, content=_PAGE, headers=_HTML), code)
    yield Failure("status 429", httpx.Response(429, headers={"retry-after": "2"}), ("BACKEND_BUSY",))


def _of_refusals(case: Case) -> Iterator[Failure]:
    for status in (401, 403):
        yield Failure(f"status {status}", httpx.Response(status), (_refused(case, status),))
    for status in (400, 404, 405, 409, 410, 415, 422):
        answer = (None,) if status in _MAY_BE_AN_ANSWER else ()
        yield Failure(f"status {status}", httpx.Response(status, json={"code": "NO"}), (*_REFUSALS, *answer))


_MAY_BE_AN_ANSWER = (404, 409, 410, 422)
"""There is none, or it was done before."""


def _refused(case: Case, status: int) -> str:
    """Whose credentials the backend does not take: the caller's, where those are handed on."""
    return CALLER_REFUSED[status][0].code if case.adapter.credential.caller_headers else "BACKEND_CREDENTIALS"


def _of_odd_statuses() -> Iterator[Failure]:
    yield Failure("a redirect", httpx.Response(302, headers={"location": "https://other.test/"}), _BAD + _CONTRACT)
    yield Failure("status 501", httpx.Response(501, content=_PAGE, headers=_HTML), _CONTRACT)


def _of_silence(case: Case) -> Iterator[Failure]:
    """An answer only where nothing may be one."""
    answer = () if case.operation.kind == "batch" else (None,)
    yield Failure("status 202 without an answer", httpx.Response(202), (*_BAD, *_CONTRACT, *answer))
    yield Failure("nothing with status 200", case.response(b""), (*_BAD, *answer))


def _of_bodies(case: Case) -> Iterator[Failure]:
    whole = case.document.whole()
    yield Failure("an HTML page with status 200", httpx.Response(200, content=_PAGE, headers=_HTML), _BAD)
    yield Failure("half a reply", case.response(whole[: len(whole) // 2]), _BAD)
    yield Failure("bytes that are no text", case.response(b"\xff\xfe\x00{" + whole), _BAD)
    other = enveloped(case.adapter, "<Other/>") if issubclass(case.adapter, SoapAdapter) else "[[]]"
    yield Failure("something else than was agreed", case.response(other.encode()), _CONTRACT + _BAD)


def _of_soap(adapter: type[SoapAdapter]) -> Iterator[Failure]:
    for status in (500, 200):
        server = fault(adapter, "soap:Server", status)
        yield Failure(f"a Server fault with status {status}", server, _UNAVAILABLE)
    for status in (500, 400):
        yield Failure(f"a Client fault with status {status}", fault(adapter, "soap:Client", status), _REFUSALS)
    for code in ("soap:MustUnderstand", "soap:VersionMismatch"):
        yield Failure(f"a fault {code}", fault(adapter, code), _CONTRACT)
    security = fault(adapter, "wsse:FailedAuthentication")
    yield Failure("a fault of WS-Security", security, ("BACKEND_CREDENTIALS",))


def _of_graphql(case: Case) -> Iterator[Failure]:
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
        yield Failure(f"an error {code}", reply, ours)
