"""The caller's headers that go on to a backend: those an adapter names, and never what belongs to one connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING

from graphfold.mistakes import Mistake, author_location

if TYPE_CHECKING:
    from graphfold.adapter.base import Adapter

__all__ = ["check_propagation", "passed_on", "says_who", "variant", "varying"]

_NAME = re.compile(r"[!#$%&'+\-.^_`|~0-9a-z]+")
_NEVER = {
    **dict.fromkeys(
        (
            "connection",
            "keep-alive",
            "proxy-authenticate",
            "proxy-authorization",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "host",
            "expect",
        ),
        "it belongs to the caller's connection with us (RFC 9110 section 7.6.1).",
    ),
    **dict.fromkeys(
        ("accept", "accept-encoding", "content-encoding", "content-length", "content-type", "range"),
        "it speaks of the caller's message, and the backend gets another.",
    ),
}
_SECRETS = ("authorization", "cookie")
_TRACING = frozenset(
    (
        "baggage",
        "traceparent",
        "tracestate",
        "x-amzn-trace-id",
        "x-b3-flags",
        "x-b3-parentspanid",
        "x-b3-sampled",
        "x-b3-spanid",
        "x-b3-traceid",
        "x-correlation-id",
        "x-request-id",
    )
)
"""They differ from call to call and change no answer."""


def passed_on(names: tuple[str, ...], headers: Mapping[str, str]) -> dict[str, str]:
    """The named headers, as far as the caller sent them and did not say that they are for its connection only."""
    own = headers["connection"].lower() if "connection" in headers else ""
    return {name: headers[name] for name in names if name in headers and name not in re.split(r"[ ,\t]+", own)}


def variant(passed: Mapping[str, str]) -> str:
    """Tells apart the answers to calls with different headers; a digest, since a cookie may be among them."""
    told = [f"{name}: {value}" for name, value in sorted(passed.items())]
    return blake2b("\n".join(told).encode(), digest_size=16).hexdigest() if told else ""


def varying(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that answers may depend on."""
    return tuple(name for name in names if name not in _TRACING)


def says_who(names: tuple[str, ...]) -> bool:
    """Whether one of them tells the backend who the caller is."""
    return any(name in _SECRETS for name in names)


def check_propagation(cls: type[Adapter]) -> None:
    if isinstance(cls.propagates, str):
        raise _mistake(cls, cls.propagates, "names stand in a tuple.", f'write propagates = ("{cls.propagates}",).')
    for name in cls.propagates:
        if not _NAME.fullmatch(name):
            why = "names of headers are compared in lower case, and none is a pattern."
            raise _mistake(cls, name, why, 'write it out in lower case, e.g. "accept-language".')
        if name in _NEVER:
            raise _mistake(cls, name, _NEVER[name], "leave it out.")
        if name in _SECRETS and cls.identity != "viewer":
            why = "it says who the caller is, and the answers would be taken for everybody's."
            raise _mistake(cls, name, why, 'leave identity out ("viewer"), or the header.')


def _mistake(cls: type[Adapter], name: str, why: str, fix: str) -> Mistake:
    return Mistake(author_location(), f"{cls.__name__}: propagates {name!r}, which cannot be", why=why, fix=fix)
