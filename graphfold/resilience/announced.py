"""What a reply says about how many calls are left: RateLimit headers of every make.

RateLimit-Limit, -Remaining and -Reset (draft-ietf-httpapi-ratelimit-headers up to 02), RateLimit as one header (03 on),
and X-RateLimit-*, whose Reset is a number of seconds with some and a Unix time with others.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

__all__ = ["Announced", "announced"]

LONGEST = 3600.0
"""Seconds: a window that lasts longer is taken as an hour."""

_NAMES = {f"{prefix}-remaining": prefix for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit")}
_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d+)?)\s*(?:[,;].*)?")
_PARAMETER = re.compile(r"(?:^|[,;])\s*(\w+)\s*=\s*(\d{1,15})")
_UNIX_TIME = 1_000_000_000
_MILLISECONDS = 1_000_000_000_000


class Announced(NamedTuple):
    """`left` calls for the next `seconds`, of `limit` where that is told."""

    left: int
    seconds: float
    limit: int | None


def announced(headers: Mapping[str, str]) -> Announced | None:
    """What the headers say, their names in lower case; None where they say nothing, or nothing that makes sense."""
    for name, prefix in _NAMES.items():
        if name in headers:
            left, reset, limit = (_number(headers.get(f"{prefix}-{part}")) for part in ("remaining", "reset", "limit"))
            return _sensible(left, reset, limit)
    if "ratelimit" in headers:
        return _in_one(headers["ratelimit"])
    return None


def _in_one(text: str) -> Announced | None:
    """`limit=100, remaining=50, reset=5`, later `"default";r=50;t=5`; of several policies the first."""
    told = dict[str, int]()
    for name, value in _PARAMETER.findall(text):
        told.setdefault(name, int(value))
    return _sensible(told.get("remaining", told.get("r")), told.get("reset", told.get("t")), told.get("limit"))


def _number(text: str | None) -> int | None:
    found = _NUMBER.fullmatch(text or "")
    return ceil(float(found[1])) if found else None


def _sensible(left: int | None, reset: int | None, limit: int | None) -> Announced | None:
    if left is None or reset is None:
        return None
    if reset >= _MILLISECONDS:
        reset //= 1000
    seconds = reset - time.time() if reset >= _UNIX_TIME else float(reset)
    return Announced(left, min(max(seconds, 0.0), LONGEST), limit)
