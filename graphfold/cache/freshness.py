"""Combine what the replies of one fetch say of their freshness (RFC 9111): the shortest and strictest counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf

__all__ = ["Freshness"]

MAX_SECONDS = 2**31
"""Larger numbers of seconds are taken as this (RFC 9111 section 1.2.2)."""


class Freshness:
    """The combined freshness of replies.

    `lifetime`: for how many seconds from now the results are fresh, by the backend; `age`: seconds since they were
    made. `private`: they are for the requesting viewer only; `storable`: they may be cached at all; `strict`: they must
    not be served stale, not even if the backend fails. `body_bytes`: the size of the bodies, decompressed.
    """

    __slots__ = ("age", "body_bytes", "lifetime", "private", "storable", "strict")

    def __init__(self) -> None:
        self.lifetime, self.age, self.body_bytes = inf, 0.0, 0
        self.storable, self.private, self.strict = True, False, False

    def add_reply(self, headers: Mapping[str, str], size: int, unkeyed: Collection[str] = ()) -> None:
        """Add a reply: its headers, with names in lower case, and the size of its body.

        `unkeyed` are request headers that are not part of the cache key: a reply whose Vary names one is not storable.
        """
        self.body_bytes += size
        control = headers.get("cache-control")
        vary = headers.get("vary")
        if control is None and vary is None and "age" not in headers and "expires" not in headers:
            return
        directives = _directives(control or "")
        age = _seconds(headers.get("age", "0"), invalid=0.0)
        self.age = max(self.age, age)
        lifetime = _lifetime(directives, headers)
        self.lifetime = min(self.lifetime, max(0.0, lifetime - age))
        if "no-cache" in directives:
            self.lifetime = 0.0
        self.storable = self.storable and "no-store" not in directives
        self.private = self.private or "private" in directives
        self.strict = self.strict or not directives.keys().isdisjoint(_STRICT)
        if vary is not None and not _is_keyed(vary, unkeyed):
            self.storable = False


_STRICT = ("no-cache", "must-revalidate", "proxy-revalidate")


def _directives(control: str) -> dict[str, str]:
    """Parse Cache-Control into directives: names in lower case, arguments without quotation marks."""
    directives: dict[str, str] = {}
    for part in control.split(","):
        name, _, argument = part.partition("=")
        directives.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return directives


def _lifetime(directives: Mapping[str, str], headers: Mapping[str, str]) -> float:
    """Return the lifetime of a reply when it was made: inf if it does not say (RFC 9111 section 4.2.1)."""
    for name in ("s-maxage", "max-age"):
        if name in directives:
            return _seconds(directives[name], invalid=0.0)
    if "expires" not in headers:
        return inf
    expires, made = _date(headers["expires"]), _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (expires - made).total_seconds()) if expires is not None else 0.0


def _seconds(text: str, *, invalid: float) -> float:
    """Parse a number of seconds. Replies with an invalid one count as stale (RFC 9111 section 4.2.1)."""
    text = text.strip()
    return float(min(int(text[:12]), MAX_SECONDS)) if text.isascii() and text.isdecimal() else invalid


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def _is_keyed(vary: str, unkeyed: Collection[str]) -> bool:
    """Return whether all request headers that the reply varies by are part of the cache key."""
    names = {name.strip().lower() for name in vary.split(",")}
    return "*" not in names and names.isdisjoint(unkeyed)
