"""Check outgoing headers and decode incoming ones. No value of a caller can start a line of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from graphfold.transport.connection_errors import UnsendableRequest

__all__ = ["folded", "header_lines", "retry_after"]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token, RFC 9110 section 5.6.2
_FRAMING = frozenset(
    ("connection", "content-length", "expect", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
)
"""Headers that decide where a message ends and what becomes of its connection. Only the transport may set them."""

_MAX_RETRY_AFTER = 3600


def header_lines(headers: Mapping[str, str]) -> str:
    """Return the headers as they are sent. Raise BAD_INPUT for a value that could end its line."""
    values = "".join(headers.values())  # one check for all: this runs for every call
    if not (values.isprintable() and values.isascii()):
        raise UnsendableRequest("A text contains characters that cannot be sent.", internal="in a header's value")
    return "".join([f"{_checked_name(name)}: {value}\r\n" for name, value in headers.items()])


@lru_cache(maxsize=256)  # names come from the code of adapters, so there are few
def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _FRAMING:
        raise UnsendableRequest("A header cannot be sent.", internal=f"{name[:100]!r} cannot be set by a call")
    return name


def folded(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; values of a repeated header are joined by commas."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key = name.decode("latin-1").lower()
        text = _decoded(value)
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


def _decoded(value: bytes) -> str:
    """Decode a header value as UTF-8, or as Latin-1 where it is not valid UTF-8.

    RFC 2616 prescribed Latin-1, but servers that need more than ASCII send UTF-8.
    """
    try:
        return value.decode().strip(" \t")
    except UnicodeDecodeError:
        return value.decode("latin-1").strip(" \t")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After header (a number or a date), at most an hour; None if it is not usable."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal() and text.isascii():
        return float(min(int(text[:9]), _MAX_RETRY_AFTER))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for a UTC offset of years
        return None
    seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(seconds.total_seconds(), 0.0), float(_MAX_RETRY_AFTER))
