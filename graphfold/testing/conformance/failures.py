"""Each class of failure a backend can show, and its code in the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

import httpx

from graphfold.adapter.problems import CALLER_REFUSED
from graphfold.adapter.soap.message import ENVELOPES
from graphfold.testing.conformance.sample import Case

__all__ = ["Failure", "failures_of"]

_HTML = {"content-type": "text/html"}
_PAGE = b"<html><body>We are down for maintenance.</body></html>"


class Failure(NamedTuple):
    """`reply` is what the backend does, `codes` what may become of it."""

    name: str
    reply: httpx.Response | Exception
    codes: tuple[str, ...]


def failures_of(case: Case) -> Iterator[Failure]:
    """Those of HTTP, and those of the adapter's protocol."""
    yield from _of_the_network()
    yield from _of_statuses(case)
    yield from _of_bodies(case)
    if case.adapter.protocol == "SOAP":
        yield from _of_soap()
    if case.adapter.protocol == "GraphQL":
        yield from _of_graphql(case)


def _of_the_network() -> Iterator[Failure]:
    yield Failure("refused", httpx.ConnectError("refused"), ("BACKEND_UNAVAILABLE",))
    yield Failure("reset", httpx.ReadError("reset"), ("BACKEND_UNAVAILABLE",))
    yield Failure("cut", httpx.RemoteProtocolError("incomplete"), ("BACKEND_UNAVAILABLE", "BACKEND_BAD_REPLY"))
    yield Failure("connect timeout", httpx.ConnectTimeout("connect"), ("BACKEND_TIMEOUT",))


def _refused(case: Case, status: int) -> str:
    """Whose credentials the backend does not take: the caller's, where those are handed on."""
    return CALLER_REFUSED[status][0].code if case.adapter.credential.caller_headers else "BACKEND_CREDENTIALS"


def _of_statuses(case: Case) -> Iterator[Failure]:
    for status in (500, 502, 503):
        yield Failure(
            f"status {status}", httpx.Response(status, content=_PAGE, headers=_HTML), ("BACKEND_UNAVAILABLE",)
        )
    yield Failure("status 504", httpx.Response(504, content=_PAGE, headers=_HTML), ("BACKEND_TIMEOUT",))
    for status in (401, 403):
        yield Failure(f"status {status}", httpx.Response(status), (_refused(case, status),))
    busy = httpx.Response(429, headers={"retry-after": "2"})
    yield Failure("status 429", busy, ("BACKEND_BUSY",))


def _of_bodies(case: Case) -> Iterator[Failure]:
    bad = ("BACKEND_BAD_REPLY",)
    whole = case.document.whole()
    yield Failure("an HTML page with status 200", httpx.Response(200, content=_PAGE, headers=_HTML), bad)
    yield Failure("nothing with status 200", case.response(b""), bad)
    yield Failure("half a reply", case.response(whole[: len(whole) // 2]), bad)
    yield Failure("bytes that are no text", case.response(b"\xff\xfe\x00{" + whole), bad)


def _of_soap() -> Iterator[Failure]:
    for status in (500, 200):
        yield _fault(f"a Server fault with status {status}", "soap:Server", ("BACKEND_UNAVAILABLE",), status)
    yield _fault("a Client fault", "soap:Client", ("BACKEND_REJECTED",))
    yield _fault("a fault of WS-Security", "wsse:FailedAuthentication", ("BACKEND_CREDENTIALS",))


def _fault(name: str, code: str, codes: tuple[str, ...], status: int = 500) -> Failure:
    body = (
        f'<soap:Envelope xmlns:soap="{ENVELOPES["1.1"]}" xmlns:wsse="urn:wsse"><soap:Body><soap:Fault>'
        f"<faultcode>{code}</faultcode><faultstring>no</faultstring></soap:Fault></soap:Body></soap:Envelope>"
    )
    return Failure(name, httpx.Response(status, content=body, headers={"content-type": "text/xml"}), codes)


def _of_graphql(case: Case) -> Iterator[Failure]:
    for code, ours in (
        ("UNAUTHENTICATED", _refused(case, 401)),
        ("FORBIDDEN", _refused(case, 403)),
        ("GRAPHQL_VALIDATION_FAILED", "BACKEND_CONTRACT"),
        ("INTERNAL_SERVER_ERROR", "BACKEND_UNAVAILABLE"),
    ):
        told = {"data": None, "errors": [{"message": "no", "extensions": {"code": code}}]}
        reply = httpx.Response(200, content=json.dumps(told), headers={"content-type": "application/json"})
        yield Failure(f"an error {code}", reply, (ours,))
