"""Parses GraphQL requests from HTTP: JSON by POST, a query string by GET. Anything else is rejected with the reason.

Follows the GraphQL-over-HTTP specification. Browsers let any page send a form, plain text or a GET for an image to
another origin without a preflight request. Requests of these kinds never run an operation.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

__all__ = [
    "GraphQLRequest",
    "Receive",
    "RequestRejected",
    "check_content_type",
    "parse_deadline",
    "parse_json_body",
    "parse_query_string",
    "read_body",
]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The document, variables and operation name that a client has sent."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class RequestRejected(Exception):
    """A request that gets an HTTP error before anything runs; `retry_after` is in seconds."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "BAD_INPUT",
        allow: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.allow, self.retry_after = allow, retry_after


def check_content_type(content_type: str, encoding: str) -> None:
    """Raise `RequestRejected` for a POST whose body is not plain UTF-8 JSON."""
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != "application/json":
        raise RequestRejected(415, "Send the request as JSON, with Content-Type: application/json.")
    name, _, charset = parameters.partition("=")
    if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in ("utf-8", "utf8"):
        raise RequestRejected(415, "Send the request as UTF-8.")
    # A small compressed body can expand to gigabytes, past the limit on its size.
    if encoding.strip().lower() not in ("", "identity"):
        raise RequestRejected(415, "Send the request uncompressed.")


def parse_deadline(header: str | None) -> float | None:
    """Return the seconds in a `Graphfold-Deadline` header; None without one."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        seconds = 0.0  # as invalid as any number that is not above zero
    if not 0 < seconds < math.inf:
        raise RequestRejected(400, "Graphfold-Deadline has to be a number of seconds above zero, such as 2.5.")
    return seconds


async def read_body(receive: Receive, length: str | None, limit: int, limit_source: str = "") -> bytes:
    """Read the whole body. Raise `RequestRejected` as soon as it exceeds the limit, in bytes.

    `length` is the Content-Length header. `limit_source` is added to the message: the setting the limit comes from.
    """
    too_large = RequestRejected(
        413,
        f"The request body is too large; the limit is {limit:,} bytes{limit_source}.",
        code="LIMIT_EXCEEDED",
    )
    # Rejected before anything is read. Python's `int` raises on thousands of digits, hence the slice.
    if length is not None and length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError  # logged with status 499; there is no client left to answer
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise too_large
    return bytes(body)


def parse_json_body(body: bytes) -> GraphQLRequest:
    """Return the request in a JSON body. Raise `RequestRejected` if there is none."""
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestRejected(400, _explain_not_json(body, error)) from None
    if isinstance(payload, list):
        raise RequestRejected(400, "Batched requests are not supported; send one operation in each request.")
    if not isinstance(payload, dict):
        raise RequestRejected(400, 'The request body has to be a JSON object such as {"query": "{ __typename }"}.')
    return _to_request(payload)


def _explain_not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    if not body.strip():
        return "The request body is empty."
    try:
        body.decode()
    except UnicodeDecodeError:
        return "The request body is not UTF-8 text."
    return f"The request body is not valid JSON: error at line {error.lineno}, column {error.colno}."


def parse_query_string(query_string: bytes) -> GraphQLRequest:
    """Return the request in a query string, whose `variables` and `extensions` are JSON."""
    try:
        # Of a repeated parameter the last value counts, as in a JSON object with a repeated name.
        payload: dict[str, Any] = {k: v[-1] for k, v in parse_qs(query_string.decode(), errors="strict").items()}
    except ValueError:
        raise RequestRejected(400, "The query string is not valid UTF-8.") from None
    for name in ("variables", "extensions"):
        if name in payload:
            try:
                payload[name] = orjson.loads(payload[name])
            except orjson.JSONDecodeError:
                raise RequestRejected(400, f"`{name}` is not JSON.") from None
    return _to_request(payload)


def _to_request(payload: dict[str, Any]) -> GraphQLRequest:
    query = payload.get("query")
    if not isinstance(query, str) or not query.strip():
        raise RequestRejected(400, "`query` is missing; it has to be the text of a GraphQL document.")
    _check_kind("variables", payload.get("variables"), dict, "a JSON object")
    _check_kind("operationName", payload.get("operationName"), str, "a string")
    _check_kind("extensions", payload.get("extensions"), dict, "a JSON object")
    return GraphQLRequest(query, payload.get("variables"), payload.get("operationName") or None)


def _check_kind(name: str, value: object, kind: type, shape: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise RequestRejected(400, f"`{name}` has to be {shape}.")
