"""How often one API key may call: so many requests a minute, told in RateLimit headers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

MINUTE = 60.0


@dataclass
class Window:
    """One key's current minute."""

    ends: float
    used: int = 0


class Rate:
    """Counts calls in fixed minutes, each starting with a key's first call after its last one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._windows: dict[str, Window] = {}

    def spend(self, key: str) -> tuple[bool, dict[str, str]]:
        """Whether `key` may call once more, and the headers that say how it stands."""
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
