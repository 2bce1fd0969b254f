"""GraphQL requests as HTTP brings them: JSON by POST, a query string by GET. All else is refused, with the reason.

Follows the GraphQL-over-HTTP specification. A request that a web page could send across origins without asking first (a
form, plain text, a GET for an image) never runs anything.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import orjson

__all__ = ["Asked", "Refused", "body_of", "by_get", "by_post", "check_content", "seconds_of"]

Receive = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class Refused(Exception):
    """A request that is answered with an HTTP status before anything runs."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "BAD_INPUT",
        allow: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.allow, self.retry_after = allow, retry_after


def check_content(content_type: str, encoding: str) -> None:
    """Raises `Refused` for a POST whose body is not plain UTF-8 JSON."""
    media, _, parameters = content_type.partition(";")
    if media.strip().lower() != "application/json":
        raise Refused(415, "Send the request as JSON, with Content-Type: application/json.")
    name, _, charset = parameters.partition("=")
    if name.strip().lower() == "charset" and charset.strip().strip('"').lower() not in ("utf-8", "utf8"):
        raise Refused(415, "Send the request as UTF-8.")
    if encoding.strip().lower() not in ("", "identity"):
        raise Refused(415, "Send the request uncompressed.")


def seconds_of(deadline: str | None) -> float | None:
    """The seconds of a `Graphfold-Deadline` header; None without one."""
    if deadline is None:
        return None
    try:
        seconds = float(deadline)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise Refused(400, "Graphfold-Deadline has to be a number of seconds above zero, such as 2.5.")
    return seconds


async def body_of(receive: Receive, length: str | None, limit: int, of: str = "") -> bytes:
    """The whole body. Raises `Refused` as soon as it is known to be longer than the limit, in bytes.

    `of` is told behind the limit: where it comes from.
    """
    too_large = Refused(
        413,
        f"The request body is too large; the limit is {limit:,} bytes{of}.",
        code="LIMIT_EXCEEDED",
    )
    if length is not None and length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit:
            raise too_large
    return bytes(body)


def by_post(body: bytes) -> Asked:
    """The request in a JSON body."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, _not_json(body, error)) from None
    if isinstance(sent, list):
        raise Refused(400, "Batches are not taken; send one operation in each request.")
    if not isinstance(sent, dict):
        raise Refused(400, 'The request body has to be a JSON object such as {"query": "{ __typename }"}.')
    return _asked(sent)


def _not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    if not body.strip():
        return "The request body is empty."
    try:
        body.decode()
    except UnicodeDecodeError:
        return "The request body is not UTF-8 text."
    return f"The request body is not JSON; it goes wrong at line {error.lineno}, column {error.colno}."


def by_get(query_string: bytes) -> Asked:
    """The request in a query string; `variables` and `extensions` are JSON in it."""
    try:
        sent: dict[str, Any] = {k: v[-1] for k, v in parse_qs(query_string.decode(), errors="strict").items()}
    except ValueError:
        raise Refused(400, "The query string is not valid UTF-8.") from None
    for name in ("variables", "extensions"):
        if name in sent:
            sent[name] = _json(name, sent[name])
    return _asked(sent)


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refused(400, f"`{name}` is not JSON.") from None


def _asked(sent: dict[str, Any]) -> Asked:
    query = sent.get("query")
    if not isinstance(query, str) or not query.strip():
        raise Refused(400, "`query` is missing; it has to be the text of a GraphQL document.")
    _check("variables", sent.get("variables"), dict, "a JSON object")
    _check("operationName", sent.get("operationName"), str, "a string")
    _check("extensions", sent.get("extensions"), dict, "a JSON object")
    return Asked(query, sent.get("variables"), sent.get("operationName") or None)


def _check(name: str, value: object, kind: type, shape: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise Refused(400, f"`{name}` has to be {shape}.")
