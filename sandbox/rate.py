"""Limit the calls per minute of each API key, and announce the limit in RateLimit headers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

MINUTE = 60.0


@dataclass
class Window:
    """The current minute of one API key."""

    ends: float
    used: int = 0


class Rate:
    """A fixed-window rate limit: a key's window starts with its first call after the previous window."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[str, Window] = {}

    def spend(self, key: str) -> tuple[bool, dict[str, str]]:
        """Count a call. Return whether it is allowed, and the RateLimit headers of its response."""
        now = time.monotonic()
        window = self._windows.get(key)
        if window is None or window.ends <= now:
            window = self._windows[key] = Window(now + MINUTE)
        allowed = window.used < self._limit
        window.used += allowed
        reset = str(math.ceil(window.ends - now))
        headers = {
            "RateLimit-Limit": str(self._limit),
            "RateLimit-Remaining": str(self._limit - window.used),
            "RateLimit-Reset": reset,
        }
        return allowed, headers if allowed else {**headers, "Retry-After": reset}
