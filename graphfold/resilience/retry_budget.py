"""The retry budget: it bounds retries and hedges by a share of all calls.

Without it, a backend that fails for every caller would get each call several times, just when it has to recover.
"""

from __future__ import annotations

from graphfold.resilience.sliding_counter import SlidingCounter

__all__ = ["RetryBudget"]

WINDOW = 10.0
"""Seconds."""
SHARE = 0.1
MINIMUM = 3


class RetryBudget:
    """Allows retries for a tenth of the calls of the last ten seconds, and for three calls in any case."""

    __slots__ = ("_attempts", "_retries")

    def __init__(self) -> None:
        self._attempts, self._retries = SlidingCounter(WINDOW), SlidingCounter(WINDOW)

    def record_attempt(self, now: float) -> None:
        """Count an attempt that is sent, a first one or a retry."""
        self._attempts.add(now)

    def spend(self, now: float) -> bool:
        """Take one retry from the budget. Return whether there was one."""
        if self.remaining(now) < 1:
            return False
        self._retries.add(now)
        return True

    def remaining(self, now: float) -> int:
        """Return how many retries the budget allows now."""
        retries = self._retries.count(now)
        return max(int((self._attempts.count(now) - retries) * SHARE), MINIMUM) - retries
