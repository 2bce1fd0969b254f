"""How often something happened lately."""

from __future__ import annotations

__all__ = ["Tally"]

_SLICES = 10


class Tally:
    """Counts over the last `seconds`, in slices of a tenth: what leaves the count leaves it a slice at a time."""

    __slots__ = ("_at", "_counts", "_slice", "_total")

    def __init__(self, seconds: float) -> None:
        self._slice = seconds / _SLICES
        self._counts = [0] * _SLICES
        self._at = self._total = 0

    def add(self, now: float) -> None:
        """One more, at the time `now` in seconds, which never goes back."""
        at = int(now / self._slice)
        if at != self._at:
            self._roll(at)
        self._counts[at % _SLICES] += 1
        self._total += 1

    def count(self, now: float) -> int:
        at = int(now / self._slice)
        if at != self._at:
            self._roll(at)
        return self._total

    def clear(self) -> None:
        self._counts = [0] * _SLICES
        self._total = 0

    def _roll(self, at: int) -> None:
        for gone in range(max(self._at, at - _SLICES) + 1, at + 1):
            self._total -= self._counts[gone % _SLICES]
            self._counts[gone % _SLICES] = 0
        self._at = at
