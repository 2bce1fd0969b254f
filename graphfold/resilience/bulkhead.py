"""The bulkhead: limit the concurrent calls to one backend, queue a few more, and refuse the others at once."""

from __future__ import annotations

import asyncio
from collections import deque

from graphfold.resilience.refusals import QueueFull

__all__ = ["Bulkhead"]


class Bulkhead:
    """At most `limit` calls at once and `queue` waiting ones, first in, first out.

    A caller takes a slot with `try_acquire` or, where that fails, with `acquire`, and gives it back with `release`.
    A slot that is released goes straight to the first waiter: `active` does not drop in between, so no newcomer can
    overtake the queue.
    """

    __slots__ = ("_waiters", "active", "limit", "queue")

    def __init__(self, limit: int, queue: int) -> None:
        self.limit, self.queue, self.active = limit, queue, 0
        self._waiters: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self._waiters)

    def try_acquire(self) -> bool:
        """Take a slot if one is free, without waiting. Return whether there was one."""
        if self.active >= self.limit:
            return False
        self.active += 1
        return True

    async def acquire(self, seconds: float) -> None:
        """Wait for a slot. Raise BACKEND_BUSY at once where the queue is full, and TimeoutError after `seconds`."""
        if len(self._waiters) >= self.queue:
            raise QueueFull(f"{self.limit} calls at once and {self.queue} that wait")
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(seconds):
                await waiter
        except BaseException:
            # A slot may be handed to this waiter in the same turn of the loop in which it is cancelled or times out.
            if waiter.done() and not waiter.cancelled():
                self.release()
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def release(self) -> None:
        """Hand the slot to the first waiter, or free it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.active -= 1
