"""The bulkhead: so many calls to a backend at once, so many more in line, and the next one hears so at once."""

from __future__ import annotations

import asyncio
from collections import deque

from graphfold.resilience.refusals import QueueFull

__all__ = ["Places"]


class Places:
    """First come, first served. Who was let in by `enter` or `queue` has to `leave`."""

    __slots__ = ("_line", "limit", "queue", "used")

    def __init__(self, limit: int, queue: int) -> None:
        self.limit, self.queue, self.used = limit, queue, 0
        self._line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._line)

    def enter(self) -> bool:
        """Take a place if one is free: then nobody waits, since who leaves hands it on."""
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    async def wait(self, seconds: float) -> None:
        """Wait for a place. Raises BACKEND_BUSY where the line is full, at once, and TimeoutError after `seconds`."""
        if len(self._line) >= self.queue:
            raise QueueFull(f"{self.limit} calls at once and {self.queue} that wait")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(turn)
        try:
            async with asyncio.timeout(seconds):
                await turn
        except BaseException:
            self._give_up(turn)
            raise

    def leave(self) -> None:
        """To whoever waits longest, or back."""
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.used -= 1

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Out of the line; a place that was handed on in the same moment is handed on."""
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self._line:
            self._line.remove(turn)
