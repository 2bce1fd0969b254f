"""Read the errors in a GraphQL reply: the typed error that each stands for, and the part of the data it is about."""

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

__all__ = ["ReplyError", "error_type_for", "errors_in"]

_ERROR_TYPES: dict[str, type[GraphError]] = {
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
"""Codes that many GraphQL servers share. Any other code is the backend's own and says why it refused the request."""


class ReplyError(msgspec.Struct):
    """One error of a reply. Servers write anything into `path` and `extensions`, so both are checked when used."""

    message: str = ""
    path: Any = None
    extensions: dict[str, Any] | None = None

    def with_code(self, *, request_refused: bool) -> dict[str, Any]:
        """Return the extensions. An error without a code in a refused request (status 400) gets that of validation.

        Servers answer 400 before they run an operation, and many of them without a code.
        """
        extensions = self.extensions or {}
        if request_refused and not isinstance(extensions.get("code"), str):
            return {**extensions, "code": "GRAPHQL_VALIDATION_FAILED"}
        return extensions

    def below(self, steps: Sequence[str]) -> list[Any] | None:
        """Return the part of the error's path below `steps`; None if the error is about another part of the data.

        It is empty if the error is about everything at `steps`, which an error about something above it is too.
        """
        path = self.path if isinstance(self.path, list) else []
        shared = min(len(path), len(steps))
        return path[shared:] if path[:shared] == list(steps[:shared]) else None


class _Errors(msgspec.Struct):
    errors: list[ReplyError] | None = None


_DECODER = Decoder(_Errors)


def errors_in(body: bytes) -> list[ReplyError]:
    """Return the errors of a reply. Raise `Unreadable` if it is not a GraphQL response."""
    errors: list[ReplyError] = _DECODER.json(body).errors or []
    return errors


def error_type_for(code: object) -> type[GraphError]:
    """Return the type of an error with this code. An error without a code means that the backend failed."""
    if not isinstance(code, str) or not code:
        return BackendUnavailable
    return _ERROR_TYPES.get(code, BackendRejected)
