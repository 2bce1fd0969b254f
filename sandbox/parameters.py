"""Read query parameters strictly: malformed values are rejected."""

from __future__ import annotations

from collections.abc import Iterable

from sandbox.messages import BadRequest, Request

MOST_IDS = 200


def keys(request: Request, name: str, most: int = MOST_IDS) -> list[str]:
    """Return the comma-separated values of `name`, without blanks and duplicates. Reject more than `most` with 413."""
    if name not in request.query:
        raise BadRequest(name, "is missing")
    values = list(dict.fromkeys(key for key in request.query[name].split(",") if key))
    if len(values) > most:
        raise BadRequest(name, f"takes at most {most} values, got {len(values)}", status=413)
    return values


def number(request: Request, name: str, default: int, low: int, high: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    digits = text.isascii() and text.isdigit() and len(text) < 10
    if not digits or not low <= int(text) <= high:
        raise BadRequest(name, f"must be a whole number from {low} to {high}")
    return int(text)


def choice(request: Request, name: str, allowed: Iterable[str]) -> str | None:
    """Return the value of `name`, or None if absent or empty. Raise BadRequest if it is not in `allowed`."""
    value = request.query.get(name) or None
    if value is not None and value not in allowed:
        raise BadRequest(name, f"must be one of {', '.join(allowed)}")
    return value
