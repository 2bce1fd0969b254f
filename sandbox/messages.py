"""The HTTP messages of all backends: a complete request and a complete response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import orjson


@dataclass(frozen=True)
class Request:
    """One complete request. Header names are lower case; of a repeated query parameter the last value counts."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @cached_property
    def segments(self) -> list[str]:
        """Return the decoded parts of the path: `/crm/v2/customers` is `["crm", "v2", "customers"]`."""
        return [unquote(part) for part in self.path.split("/") if part]

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Delivery(Enum):
    """How a response is sent: whole, or broken in one of the ways in which a network breaks."""

    WHOLE = "whole"
    RESET = "reset"
    HALF = "half"
    DRIP = "drip"


@dataclass(frozen=True)
class Response:
    """One response; `Content-Length` is added when it is sent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE


class BadRequest(Exception):
    """An invalid parameter in a request; each backend formats the error in its own way."""

    def __init__(self, parameter: str, reason: str, status: int = 400) -> None:
        super().__init__(f"{parameter} {reason}")
        self.parameter = parameter
        self.reason = reason
        self.status = status


def json_response(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, orjson.dumps(value), {"Content-Type": "application/json", **(headers or {})})


def text_response(text: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, text.encode(), {"Content-Type": "text/plain; charset=utf-8", **(headers or {})})


def json_object(request: Request) -> dict[str, object]:
    """Return the request's body as a JSON object. Raise BadRequest if it is anything else."""
    try:
        value = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise BadRequest("body", "is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("body", "must be a JSON object")
    return value


def phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"
