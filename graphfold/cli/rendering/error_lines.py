"""Renders an error of an answer as one line, `file:line:column: ...`, which editors and terminals turn into a link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["error_line"]


def error_line(error: Mapping[str, Any], document: str) -> str:
    """Return the line for a GraphQL error from an answer; `document` names what its locations refer to."""
    extensions = error.get("extensions") or {}
    location = "".join(
        f"{document}:{first['line']}:{first['column']}: " for first in (error.get("locations") or ())[:1]
    )
    path = ".".join(map(str, error.get("path") or ()))
    message = f"{path}: " * bool(path) + str(error.get("message"))
    code = f" ({extensions['code']})" if extensions.get("code") else ""
    # The backend operation and the request's id are what a reader searches the logs for.
    operation = ".".join(str(extensions[name]) for name in ("backend", "operation") if extensions.get(name))
    request = f"request {extensions['requestId']}" if extensions.get("requestId") else ""
    origin = ", ".join(part for part in (operation, request) if part)
    in_logs = f" [{origin}]" if origin else ""
    retryable = "; may be tried again" if extensions.get("retryable") else ""
    return f"{location}{message}{code}{in_logs}{retryable}"
