"""Parse the rate limit headers of a reply.

Three families are in use: `RateLimit-Limit`, `-Remaining` and `-Reset` (draft-ietf-httpapi-ratelimit-headers up to 02),
the single header `RateLimit` (from draft 03 on), and `X-RateLimit-*`. The reset of the last one is a number of seconds
with some vendors, a Unix time in seconds or milliseconds with others; its size tells which.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

__all__ = ["RateLimit", "parse_rate_limit"]

MAX_SECONDS = 3600.0
"""A longer window counts as one of an hour."""

_REMAINING_HEADERS = {f"{prefix}-remaining": prefix for prefix in ("ratelimit", "x-ratelimit", "x-rate-limit")}
_NUMBER = re.compile(r"\s*(\d{1,15}(?:\.\d+)?)\s*(?:[,;].*)?")
_PARAMETER = re.compile(r"(?:^|[,;])\s*(\w+)\s*=\s*(\d{1,15})")
_UNIX_TIME = 1_000_000_000
_MILLISECONDS = 1_000_000_000_000


class RateLimit(NamedTuple):
    """`remaining` calls for the next `seconds`, out of `limit` where the backend says so."""

    remaining: int
    seconds: float
    limit: int | None


def parse_rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Return the rate limit in a reply's headers (names in lower case); None without one, or with nonsense values."""
    for name, prefix in _REMAINING_HEADERS.items():
        if name in headers:
            parts = (_parse_number(headers.get(f"{prefix}-{part}")) for part in ("remaining", "reset", "limit"))
            return _rate_limit(*parts)
    if "ratelimit" in headers:
        # `limit=100, remaining=50, reset=5`, or in later drafts `"default";r=50;t=5`; the first of several policies.
        parameters = dict[str, int]()
        for name, value in _PARAMETER.findall(headers["ratelimit"]):
            parameters.setdefault(name, int(value))
        get = parameters.get
        return _rate_limit(get("remaining", get("r")), get("reset", get("t")), get("limit"))
    return None


def _parse_number(text: str | None) -> int | None:
    match = _NUMBER.fullmatch(text or "")
    return ceil(float(match[1])) if match else None


def _rate_limit(remaining: int | None, reset: int | None, limit: int | None) -> RateLimit | None:
    if remaining is None or reset is None:
        return None
    if reset >= _MILLISECONDS:
        reset //= 1000
    seconds = reset - time.time() if reset >= _UNIX_TIME else float(reset)
    return RateLimit(remaining, min(max(seconds, 0.0), MAX_SECONDS), limit)
