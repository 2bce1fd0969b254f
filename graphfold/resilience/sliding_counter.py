"""Count events over a sliding time window."""

from __future__ import annotations

__all__ = ["SlidingCounter"]

_SLICES = 10


class SlidingCounter:
    """The number of events in the last `seconds`.

    The window is cut into ten slices, each with a counter of its own, so events expire a slice at a time and memory
    does not grow with their number. `_slice` is the number, since the clock's zero, of the slice that is counted now;
    its counter is at this number modulo ten.
    """

    __slots__ = ("_counts", "_length", "_slice", "_total")

    def __init__(self, seconds: float) -> None:
        self._length = seconds / _SLICES
        self._counts = [0] * _SLICES
        self._slice = self._total = 0

    def add(self, now: float) -> None:
        """Count one event. `now`, in seconds, never decreases."""
        current = int(now / self._length)
        if current != self._slice:
            self._advance(current)
        self._counts[current % _SLICES] += 1
        self._total += 1

    def count(self, now: float) -> int:
        """Return the number of events in the window that ends now."""
        current = int(now / self._length)
        if current != self._slice:
            self._advance(current)
        return self._total

    def clear(self) -> None:
        self._counts = [0] * _SLICES
        self._total = 0

    def _advance(self, current: int) -> None:
        """Empty the counters of all slices that began since the last event, at most each of them once."""
        for expired in range(max(self._slice, current - _SLICES) + 1, current + 1):
            self._total -= self._counts[expired % _SLICES]
            self._counts[expired % _SLICES] = 0
        self._slice = current
