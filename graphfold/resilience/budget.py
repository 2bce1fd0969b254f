"""The retry budget: repeating calls to a backend that fails for everybody only keeps it down."""

from __future__ import annotations

from graphfold.resilience.tally import Tally

__all__ = ["Budget"]

WINDOW = 10.0
"""Seconds."""
SHARE = 0.1
LEAST = 3


class Budget:
    """For a tenth of the calls of the last ten seconds there may be one more, and for three in any case."""

    __slots__ = ("_extra", "_sent")

    def __init__(self) -> None:
        self._sent, self._extra = Tally(WINDOW), Tally(WINDOW)

    def sent(self, now: float) -> None:
        """A call goes out, be it the first or one more."""
        self._sent.add(now)

    def take(self, now: float) -> bool:
        """Whether one more call may be made; if so it is taken."""
        if self.left(now) < 1:
            return False
        self._extra.add(now)
        return True

    def left(self, now: float) -> int:
        """How many more calls there may be."""
        extra = self._extra.count(now)
        return max(int((self._sent.count(now) - extra) * SHARE), LEAST) - extra
