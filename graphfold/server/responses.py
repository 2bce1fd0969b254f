"""Answers as HTTP carries them: the media type the client reads, the status for it, and errors of our own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

from graphfold.errors import CODES
from graphfold.operation.answer import Answer

__all__ = ["JSON", "RESPONSE", "Reply", "answered", "error_body", "lasting", "media_type", "refusal"]

RESPONSE = "application/graphql-response+json"
JSON = "application/json"
Send = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole HTTP response; header names in lower case."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] | None = None

    async def send(self, send: Send) -> None:
        headers = [
            (b"content-type", f"{self.content_type}; charset=utf-8".encode()),
            (b"content-length", str(len(self.body)).encode()),
            *((name.encode(), value.encode()) for name, value in (self.headers or {}).items()),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


@lru_cache(maxsize=256)
def media_type(accept: str) -> str | None:
    """Which of our two media types answers this Accept header; None where neither would be read.

    A client that does not say, or takes anything, gets `application/json`: older clients know nothing else.
    """
    wanted = {JSON: 0.0, RESPONSE: 0.0}
    for part in (accept or "*/*").split(","):
        name, _, parameters = part.partition(";")
        match name.strip().lower():
            case "*/*" | "application/*" | "application/json":
                wanted[JSON] = max(wanted[JSON], _quality(parameters))
            case "application/graphql-response+json":
                wanted[RESPONSE] = max(wanted[RESPONSE], _quality(parameters))
    best = max((RESPONSE, JSON), key=lambda name: wanted[name])
    return best if wanted[best] > 0 else None


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def answered(answer: Answer, media: str) -> Reply:
    """The answer with its status: a request that could not run is 200 as plain JSON, else what its error says."""
    status = 200 if answer.started or media == JSON else _status(answer.errors)
    return Reply(status, answer.body(), media)


def lasting(seconds: float) -> dict[str, str]:
    """What browsers and CDNs are told of an answer that is good so long for everybody."""
    if seconds < 1:
        return {"cache-control": "no-store"}
    return {"cache-control": f"public, max-age={int(seconds)}", "vary": "accept, origin"}


def _status(errors: list[dict[str, Any]]) -> int:
    code = errors[0]["extensions"]["code"] if errors else "INTERNAL"
    return max(400, CODES[code].status)


def error_body(message: str, code: str, request_id: str, retry_after: int | None = None) -> bytes:
    """A GraphQL answer that is one error; `retry_after` is in seconds."""
    extensions = {"code": code, "retryable": CODES[code].retryable, "requestId": request_id}
    if retry_after is not None:
        extensions["retryAfter"] = retry_after
    return orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})


def refusal(
    status: int,
    message: str,
    code: str,
    request_id: str,
    allow: str | None = None,
    retry_after: int | None = None,
) -> Reply:
    """An error that never reached the graph."""
    headers = {"cache-control": "no-store"} | ({"allow": allow} if allow else {})
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Reply(status, error_body(message, code, request_id, retry_after), JSON, headers)
