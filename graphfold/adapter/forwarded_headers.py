"""Select the caller's headers that are forwarded to a backend: those that the adapter names in `propagates`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

__all__ = [
    "CREDENTIAL_HEADERS",
    "HOP_HEADERS",
    "digest_headers",
    "headers_affecting_answers",
    "identify_caller",
    "select_forwarded",
]

HOP_HEADERS = {
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
        "it describes the caller's message, and the backend gets another.",
    ),
}
"""Headers that are never forwarded, each with the reason."""

CREDENTIAL_HEADERS = ("authorization", "cookie")
"""Headers that identify the caller."""

_TRACING_HEADERS = frozenset(
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
"""Headers that differ from call to call and change no answer: a cache key with them would never be hit."""


def select_forwarded(names: tuple[str, ...], headers: Mapping[str, str]) -> dict[str, str]:
    """Return the named headers of a request, without those that its `Connection` header keeps to one hop."""
    own = headers["connection"].lower() if "connection" in headers else ""
    return {name: headers[name] for name in names if name in headers and name not in re.split(r"[ ,\t]+", own)}


def digest_headers(headers: Mapping[str, str]) -> str:
    """Return a part of the cache key for these headers; empty without any.

    It is a digest because a cookie may be among them.
    """
    lines = [f"{name}: {value}" for name, value in sorted(headers.items())]
    return blake2b("\n".join(lines).encode(), digest_size=16).hexdigest() if lines else ""


def headers_affecting_answers(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names without those of tracing headers."""
    return tuple(name for name in names if name not in _TRACING_HEADERS)


def identify_caller(names: tuple[str, ...]) -> bool:
    """Return whether one of the headers identifies the caller to the backend."""
    return any(name in CREDENTIAL_HEADERS for name in names)
