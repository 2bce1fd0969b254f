"""A declared quota as a token bucket, and an announced one as a window that ends. Times are seconds of one clock."""

from __future__ import annotations

from graphfold.resilience.announced import Announced
from graphfold.resilience.declaration import Quota

__all__ = ["RESERVE", "Bucket", "Window"]

RESERVE = 0.2
"""The share of a quota that is kept for critical calls."""


class Bucket:
    """Fills at the declared rate. What is taken before it is there is a debt, and whoever took it waits for as long."""

    __slots__ = ("_every", "_full_at", "burst")

    def __init__(self, quota: Quota) -> None:
        self._every = quota.per / quota.rate
        self.burst = quota.burst or max(1, int(quota.rate / quota.per))
        self._full_at = 0.0

    def tokens(self, now: float) -> float:
        return self.burst - max(self._full_at - now, 0.0) / self._every

    def wait(self, now: float, *, critical: bool) -> float:
        """Seconds until there is a token for such a call."""
        needed = 1.0 if critical else min(1 + RESERVE * self.burst, self.burst)
        return max((needed - self.tokens(now)) * self._every, 0.0)

    def take(self, now: float) -> None:
        self._full_at = max(self._full_at, now) + self._every

    def give_back(self) -> None:
        self._full_at -= self._every


class Window:
    """So many calls left until `ends`. The last fifth of them is spread over the time that is left."""

    __slots__ = ("_slot", "ends", "left", "limit")

    def __init__(self, told: Announced, now: float) -> None:
        self.left, self.limit, self.ends, self._slot = told.left, told.limit, now + told.seconds, 0.0

    def correct(self, told: Announced, now: float) -> bool:
        """Take over what another reply says; False where it speaks of another window.

        A reply knows nothing of calls that are under way, and may be late: the smaller number is right.
        """
        if abs(now + told.seconds - self.ends) > 1.5:  # they count in whole seconds
            return False
        self.left = min(self.left, told.left)
        return True

    def wait(self, now: float, *, critical: bool) -> float:
        """Seconds until such a call may be made."""
        if self.left <= 0 or (self._is_low and not critical):
            return max(self.ends - now, 0.0)
        return max(self._slot - now, 0.0) if self._is_low else 0.0

    def take(self, now: float) -> None:
        if self._is_low:
            slot = max(self._slot, now)
            self._slot = slot + max(self.ends - slot, 0.0) / max(self.left, 1)
        self.left -= 1

    def give_back(self) -> None:
        self.left += 1

    @property
    def _is_low(self) -> bool:
        return self.limit is not None and self.left <= RESERVE * self.limit
