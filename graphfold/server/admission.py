"""Limits how many operations run at once; the excess is rejected with 503 at once instead of queueing for long.

Two limits apply. `GRAPHFOLD_MAX_OPERATIONS` bounds the number of operations, which matters where backends are slow.
Where the processor is the bottleneck that number says nothing, so the second limit watches how late the event loop runs
a timer, the *check*, while at least `UNQUEUED` operations run:

    operation --> running < UNQUEUED and no queue? --> starts at once
                  else: fewer than STARTS_PER_CHECK started since the last check? --> starts at once
                        else: waits in the queue; each check that is on time starts up to STARTS_PER_CHECK of it
    check, every CHECK_INTERVAL --> late twice in a row, or the queue was full? --> overloaded: reject all

Starting a few operations between two checks keeps a burst from filling the loop before the lateness can show.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from graphfold.server.requests import RequestRejected

__all__ = ["MAX_LATENESS", "MAX_QUEUE", "OVERLOADED_MESSAGE", "UNQUEUED", "Admission"]

_log = structlog.get_logger("graphfold.overload")

OVERLOADED_MESSAGE = "The gateway is behind with its work and takes no more operations for now."

UNQUEUED = 32
"""Operations that may always run at once: even a single large one can make the loop late."""

STARTS_PER_CHECK = 8
"""Operations beyond `UNQUEUED` that may start between two checks. The next check shows whether they were too many."""

CHECK_INTERVAL = 0.002
"""Seconds between two checks, while more than `UNQUEUED` operations run."""

MAX_LATENESS = 0.1
"""Seconds by which two checks in a row may be late. An operation takes about ten turns of the loop, so at this lateness
each takes about a second. A single late check can be chance, such as one large reply.
"""

MAX_QUEUE = 128
"""Operations that may wait to start: enough for a burst. Once full, the queue takes no more until it is half empty."""


class Admission:
    """Admits at most `most` operations at once; each runs inside `async with`, which returns the seconds it queued.

    An operation over a limit raises `RequestRejected`. A longer queue would only hold memory and answer clients that
    have given up. Requests served from the cache, or coalesced with an equal one, are nearly free and not counted.
    """

    __slots__ = (
        "_check_due",
        "_late",
        "_logged_at",
        "_most",
        "_queue",
        "_queue_full",
        "_rejected",
        "_running",
        "_started",
        "_timer",
        "_was_late",
    )

    def __init__(self, most: int, timer: Callable[[], float]) -> None:
        self._most, self._timer, self._running, self._started = most, timer, 0, 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._check_due: float | None = None  # None while no check is scheduled
        self._logged_at, self._rejected = 0.0, 0
        self._late = self._queue_full = self._was_late = False

    @property
    def overloaded(self) -> bool:
        """Whether new operations are rejected because the event loop is late or the queue is full."""
        return self._late or self._queue_full

    async def __aenter__(self) -> float:
        """Wait to start; return the seconds spent in the queue. Raise `RequestRejected` over a limit."""
        if self._running + len(self._queue) >= self._most:
            message = (
                f"The gateway has {self._most:,} operations to answer and takes no more (GRAPHFOLD_MAX_OPERATIONS)."
            )
            raise RequestRejected(503, message, code="OVERLOADED", retry_after=1)
        if self.overloaded:
            raise RequestRejected(503, OVERLOADED_MESSAGE, code="OVERLOADED", retry_after=1)
        waited = 0.0
        if self._running >= UNQUEUED or self._queue:
            arrived = self._timer()
            if self._check_due is None:
                self._schedule_check(arrived)
            if self._started >= STARTS_PER_CHECK or self._queue:
                turn = asyncio.get_running_loop().create_future()
                self._queue.append(turn)
                self._queue_full = self._queue_full or len(self._queue) >= MAX_QUEUE
                await turn
            self._started += 1
            waited = self._timer() - arrived
        self._running += 1
        return waited

    async def __aexit__(self, *_: object) -> None:
        self._running -= 1

    def record_rejection(self) -> None:
        """Record a rejection made elsewhere. Rejections are logged in aggregate, as a line for each costs time."""
        self._rejected += 1

    def _schedule_check(self, now: float) -> None:
        self._check_due = now + CHECK_INTERVAL
        asyncio.get_running_loop().call_later(CHECK_INTERVAL, self._check)

    def _check(self) -> None:
        """Measure how late the loop runs this check, start queued operations if it is on time, schedule the next."""
        assert self._check_due is not None
        now = self._timer()
        busy = self._running >= UNQUEUED
        late = busy and now - self._check_due > MAX_LATENESS
        self._late, self._was_late = late and self._was_late, late
        self._started = 0
        if not self._late:
            self._start_queued()
        # Hysteresis: a queue at its limit would otherwise switch between accepting and rejecting at every check.
        self._queue_full = self._queue_full and len(self._queue) > MAX_QUEUE // 2
        # One line a second while overloaded, and a last one when that is over.
        if self._rejected and (not busy or now - self._logged_at >= 1):
            _log.warning("overloaded", refused=self._rejected, running=self._running)
            self._logged_at, self._rejected = now, 0
        if busy or self._queue:
            self._schedule_check(now)
        else:
            self._check_due = None

    def _start_queued(self) -> None:
        for _ in range(STARTS_PER_CHECK):
            while self._queue and (turn := self._queue.popleft()):
                if not turn.done():  # cancelled, as its client has disconnected
                    turn.set_result(None)
                    break
