"""How long an operation's calls take."""

from __future__ import annotations

__all__ = ["Latency"]

_KEPT = 128
_ENOUGH = 20
"""Calls before the slowest twentieth means anything."""
_EVERY = 16
"""Calls after which it is worked out anew: sorting for each one would cost more than the call's other care."""


class Latency:
    """The last 128 calls of one operation."""

    __slots__ = ("_at", "_seconds", "p95")

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._at = 0
        self.p95: float | None = None
        """Seconds within which 19 of 20 calls are answered; None before there were enough."""

    def note(self, seconds: float, *, complete: bool = True) -> None:
        """A call has ended, or (not `complete`) was given up: if it had taken longer than most, that counts.

        Had those not counted, the slowest never would.
        """
        if not complete and (self.p95 is None or seconds <= self.p95):
            return
        if len(self._seconds) < _KEPT:
            self._seconds.append(seconds)
        else:
            self._seconds[self._at % _KEPT] = seconds
        self._at += 1
        if self._at % _EVERY == 0 and len(self._seconds) >= _ENOUGH:
            self.p95 = sorted(self._seconds)[int(0.95 * len(self._seconds))]
