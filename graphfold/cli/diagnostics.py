"""An error of an answer as one line, in the form that editors and terminals make a link of: `file:line:column: ...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["diagnosed"]


def diagnosed(error: Mapping[str, Any], source: str) -> str:
    """The line for a GraphQL error as in an answer; `source` is what its lines and columns are of."""
    extensions = error.get("extensions") or {}
    path = ".".join(map(str, error.get("path") or ()))
    told = f"{path}: " * bool(path) + str(error.get("message"))
    code = f" ({extensions['code']})" if extensions.get("code") else ""
    again = "; may be tried again" if extensions.get("retryable") else ""
    return f"{_place(error, source)}{told}{code}{_whose(extensions)}{again}"


def _place(error: Mapping[str, Any], source: str) -> str:
    return "".join(f"{source}:{at['line']}:{at['column']}: " for at in (error.get("locations") or ())[:1])


def _whose(extensions: Mapping[str, Any]) -> str:
    """What to search the logs for: the backend's operation, and the request."""
    where = ".".join(str(extensions[name]) for name in ("backend", "operation") if extensions.get(name))
    request = f"request {extensions['requestId']}" if extensions.get("requestId") else ""
    told = ", ".join(part for part in (where, request) if part)
    return f" [{told}]" if told else ""
