"""Measure how long the calls of an operation take."""

from __future__ import annotations

__all__ = ["Latency"]

_KEPT = 128
_MINIMUM = 20
"""Calls before the slowest twentieth means anything."""
_UPDATE_EVERY = 16
"""Calls between two computations of the percentile: sorting at each call would cost more than all else here."""


class Latency:
    """The durations of the last 128 calls of one operation.

    `p95` is the time within which 19 of 20 calls complete, in seconds; None before there were enough of them.
    """

    __slots__ = ("_recorded", "_seconds", "p95")

    def __init__(self) -> None:
        self._seconds: list[float] = []
        self._recorded = 0
        self.p95: float | None = None

    def record(self, seconds: float, *, complete: bool = True) -> None:
        """Record the duration of a call that completed, or (not `complete`) failed or was abandoned.

        The latter only counts where it took longer than `p95`. Calls cut off by a deadline would otherwise never
        count, and these are the slowest.
        """
        if not complete and (self.p95 is None or seconds <= self.p95):
            return
        if len(self._seconds) < _KEPT:
            self._seconds.append(seconds)
        else:
            self._seconds[self._recorded % _KEPT] = seconds  # the oldest one
        self._recorded += 1
        if self._recorded % _UPDATE_EVERY == 0 and len(self._seconds) >= _MINIMUM:
            self.p95 = sorted(self._seconds)[int(0.95 * len(self._seconds))]
