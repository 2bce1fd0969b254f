"""The errors in a GraphQL reply: what each says, and which part of the answer it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from graphfold.errors import (
    BackendBusy,
    BackendContract,
    BackendCredentials,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    GraphError,
)
from graphfold.rows.decoder import Decoder

__all__ = ["ReplyError", "errors_in", "kind_of"]

_KINDS: dict[str, type[GraphError]] = {
    "UNAUTHENTICATED": BackendCredentials,
    "FORBIDDEN": BackendCredentials,
    "GRAPHQL_PARSE_FAILED": BackendContract,
    "GRAPHQL_VALIDATION_FAILED": BackendContract,
    "TOO_MANY_REQUESTS": BackendBusy,
    "RATE_LIMITED": BackendBusy,
    "TIMEOUT": BackendTimeout,
    "GATEWAY_TIMEOUT": BackendTimeout,
    **dict.fromkeys(
        (
            *("INTERNAL_SERVER_ERROR", "INTERNAL_ERROR", "INTERNAL", "SERVICE_UNAVAILABLE", "UNAVAILABLE"),
            *("BAD_GATEWAY", "DOWNSTREAM_SERVICE_ERROR", "SUBREQUEST_HTTP_ERROR"),
        ),
        BackendUnavailable,
    ),
}
"""Codes that servers of GraphQL share. Any other is the backend's own, and says why it refuses."""


class ReplyError(msgspec.Struct):
    """One of them, as it stands in the reply."""

    message: str = ""
    path: Any = None
    extensions: dict[str, Any] | None = None

    def told(self, *, request_refused: bool) -> dict[str, Any]:
        """What it says beside its message. A request is refused with 400 before it is run: often without a code."""
        told = self.extensions or {}
        if request_refused and not isinstance(told.get("code"), str):
            return {**told, "code": "GRAPHQL_VALIDATION_FAILED"}
        return told

    def below(self, steps: Sequence[str]) -> list[Any] | None:
        """The rest of its path below `steps`, empty where it is about all of that; None where it lies beside."""
        path = self.path if isinstance(self.path, list) else []
        shared = min(len(path), len(steps))
        return path[shared:] if path[:shared] == list(steps[:shared]) else None


class _Errors(msgspec.Struct):
    errors: list[ReplyError] | None = None


_DECODER = Decoder(_Errors)


def errors_in(body: bytes) -> list[ReplyError]:
    """The errors of a reply. Raises `Unreadable` for what is no GraphQL at all."""
    errors: list[ReplyError] = _DECODER.json(body).errors or []
    return errors


def kind_of(code: object) -> type[GraphError]:
    """The kind of an error with this code; without one it is the backend that failed."""
    if not isinstance(code, str) or not code:
        return BackendUnavailable
    return _KINDS.get(code, BackendRejected)
