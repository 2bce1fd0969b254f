"""Headers: outgoing ones checked, incoming ones made readable. Nothing a caller says becomes a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from graphfold.transport.failures import Unsendable

__all__ = ["folded", "header_lines", "retry_after"]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_FRAMING = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""What decides where a message ends, and on whose connection. Only the transport may say it."""


def header_lines(headers: Mapping[str, str]) -> str:
    """The headers as they are sent. Raises BAD_INPUT where a value could end its line."""
    values = "".join(headers.values())
    if not (values.isprintable() and values.isascii()):
        raise Unsendable("A text contains characters that cannot be sent.", internal="in a header's value")
    return "".join([f"{_checked_name(name)}: {value}\r\n" for name, value in headers.items()])


@lru_cache(maxsize=256)  # names stand in the code of adapters: there are few
def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _FRAMING:
        raise Unsendable("A header cannot be sent.", internal=f"{name[:100]!r} is not for a call to set")
    return name


def folded(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by their names in lower case; those that came more than once are one, joined by commas."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        text = _text(value)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _text(value: bytes) -> str:
    """Most of them are ASCII; the standard once said Latin-1, and everybody who needs more sends UTF-8."""
    try:
        return value.decode().strip(" \t")
    except UnicodeDecodeError:
        return value.decode("latin-1").strip(" \t")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After (a number or a date), at most an hour; None where it says nothing sensible."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(min(int(text[:9]), 3600))
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for an offset of years
        return None
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(seconds.total_seconds(), 0.0), 3600.0)
