"""Turns answers and errors into HTTP responses, with the media type that the client accepts and the status for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from graphfold.errors import CODES
from graphfold.operation.answer import Answer

__all__ = [
    "GRAPHQL_RESPONSE_JSON",
    "JSON",
    "HTTPResponse",
    "cache_headers",
    "error_body",
    "error_response",
    "graphql_response",
    "negotiate_media_type",
]

GRAPHQL_RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HTTPResponse:
    """One complete HTTP response; header names are in lower case."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] | None = None

    async def send(self, send: Send) -> None:
        # Without a length the server would send the body in chunks.
        headers = [
            (b"content-type", f"{self.content_type}; charset=utf-8".encode()),
            (b"content-length", str(len(self.body)).encode()),
            *((name.encode(), value.encode()) for name, value in (self.headers or {}).items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@lru_cache(maxsize=256)
def negotiate_media_type(accept: str) -> str | None:
    """Return the media type for an Accept header; None if the client accepts neither of ours.

    A client that sends no header, or accepts anything, gets `application/json`: older clients read nothing else.
    """
    qualities = {JSON: 0.0, GRAPHQL_RESPONSE_JSON: 0.0}
    for part in (accept or "*/*").split(","):
        name, _, parameters = part.partition(";")
        match name.strip().lower():
            case "*/*" | "application/*" | "application/json":
                qualities[JSON] = max(qualities[JSON], _quality(parameters))
            case "application/graphql-response+json":
                qualities[GRAPHQL_RESPONSE_JSON] = max(qualities[GRAPHQL_RESPONSE_JSON], _quality(parameters))
    best = max((GRAPHQL_RESPONSE_JSON, JSON), key=lambda name: qualities[name])
    return best if qualities[best] > 0 else None


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def graphql_response(answer: Answer, media_type: str) -> HTTPResponse:
    """Return the answer as a response.

    By the GraphQL-over-HTTP specification, a request that could not run is still 200 as `application/json`; as
    `application/graphql-response+json` it has the status of its error.
    """
    status = 200
    if not answer.started and media_type != JSON:
        code = answer.errors[0]["extensions"]["code"] if answer.errors else "INTERNAL"
        status = max(400, CODES[code].status)
    return HTTPResponse(status, answer.body(), media_type)


def cache_headers(seconds: float) -> dict[str, str]:
    """Return the headers that let browsers and CDNs keep a response, which is the same for everybody, so long."""
    if seconds < 1:
        return {"cache-control": "no-store"}
    # The media type depends on Accept, and with CORS the headers depend on Origin, so a cache must tell these apart.
    return {"cache-control": f"public, max-age={int(seconds)}", "vary": "accept, origin"}


def error_body(message: str, code: str, request_id: str, retry_after: int | None = None) -> bytes:
    """Return a GraphQL answer with one error; `retry_after` is in seconds."""
    extensions = {"code": code, "retryable": CODES[code].retryable, "requestId": request_id}
    if retry_after is not None:
        extensions["retryAfter"] = retry_after
    return orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})


def error_response(
    status: int,
    message: str,
    code: str,
    request_id: str,
    allow: str | None = None,
    retry_after: int | None = None,
) -> HTTPResponse:
    """Return the response to a request that has not reached the graph."""
    headers = {"cache-control": "no-store"} | ({"allow": allow} if allow else {})
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return HTTPResponse(status, error_body(message, code, request_id, retry_after), JSON, headers)
