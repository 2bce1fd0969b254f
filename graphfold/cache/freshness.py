"""What the replies of one call say of their own freshness (RFC 9111): the shortest, strictest of them counts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf

__all__ = ["Freshness"]

LONGEST = 2**31
"""Seconds; what says more is taken as this (RFC 9111 section 1.2.2)."""


class Freshness:
    """`lifetime`: seconds the answers are good from now on, by the backend; `age`: seconds since they were made.

    `private`: for whoever asked, and nobody else; `storable`: may be kept at all; `strict`: never told once it has
    ended, not even when the backend fails. `received` counts the bytes of bodies, decompressed.
    """

    __slots__ = ("age", "lifetime", "private", "received", "storable", "strict")

    def __init__(self) -> None:
        self.lifetime, self.age, self.received = inf, 0.0, 0
        self.storable, self.private, self.strict = True, False, False

    def note(self, headers: Mapping[str, str], size: int, unsorted: Collection[str] = ()) -> None:
        """One reply: its headers, names in lower case, and the size of its body.

        `unsorted` are request headers that may differ between requests of one entry: a Vary must not name one.
        """
        self.received += size
        control = headers.get("cache-control")
        vary = headers.get("vary")
        if control is None and vary is None and "age" not in headers and "expires" not in headers:
            return
        self._take(_directives(control or ""), headers)
        if vary is not None and not _harmless(vary, unsorted):
            self.storable = False

    def _take(self, said: dict[str, str], headers: Mapping[str, str]) -> None:
        age = _seconds(headers.get("age", "0"), broken=0.0)
        self.age = max(self.age, age)
        lifetime = _lifetime(said, headers)
        self.lifetime = min(self.lifetime, max(0.0, lifetime - age))
        if "no-cache" in said:
            self.lifetime = 0.0
        self.storable = self.storable and "no-store" not in said
        self.private = self.private or "private" in said
        self.strict = self.strict or not said.keys().isdisjoint(_STRICT)


_STRICT = ("no-cache", "must-revalidate", "proxy-revalidate")


def _directives(control: str) -> dict[str, str]:
    """Cache-Control taken apart: names in lower case, arguments without their quotation marks."""
    said: dict[str, str] = {}
    for part in control.split(","):
        name, _, argument = part.partition("=")
        said.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return said


def _lifetime(said: Mapping[str, str], headers: Mapping[str, str]) -> float:
    """How long the reply was good when it was made: inf where it does not say (RFC 9111 section 4.2.1)."""
    for name in ("s-maxage", "max-age"):
        if name in said:
            return _seconds(said[name], broken=0.0)
    if "expires" not in headers:
        return inf
    ends, made = _date(headers["expires"]), _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (ends - made).total_seconds()) if ends is not None else 0.0


def _seconds(text: str, *, broken: float) -> float:
    """A number of seconds; what is none counts as stale (RFC 9111 section 4.2.1)."""
    text = text.strip()
    return float(min(int(text[:12]), LONGEST)) if text.isascii() and text.isdecimal() else broken


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _harmless(vary: str, unsorted: Collection[str]) -> bool:
    """Whether entries are told apart by all that the reply depends on."""
    names = {name.strip().lower() for name in vary.split(",")}
    return "*" not in names and names.isdisjoint(unsorted)
