"""The time that one operation may take. Whatever it waits for, from a batch to a token request, gets what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

import structlog

from graphfold.errors import DeadlineExceeded

__all__ = [
    "Deadline",
    "cap_to_deadline",
    "current_deadline",
    "deadline_exceeded",
    "set_current_deadline",
    "timeout_within_deadline",
    "wait_for_cancelled",
]

GRACE = 0.02
"""Seconds that an operation leaves its calls, which end with the deadline, to come in with what they have."""

STUBBORN = 10
"""How often code that goes on when it is cancelled is cancelled again, ten times a second."""

_log = structlog.get_logger("graphfold.deadline")


class Deadline:
    """So many seconds from now, on the clock of the running loop, which no change of the wall clock moves."""

    __slots__ = ("_alarm", "_loop", "end")

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.end = self._loop.time() + seconds
        self._alarm: asyncio.TimerHandle | None = None

    def remaining(self) -> float:
        """Seconds; zero or less when it is over."""
        return self.end - self._loop.time()

    def on_expiry(self, end: Callable[[], None]) -> None:
        """Whoever runs the operation ends then what it still waits for."""
        self._alarm = self._loop.call_at(self.end + GRACE, end)

    def cancel_alarm(self) -> None:
        """The operation has ended before."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None  # its context knows this deadline: nothing is left for the garbage collector


_current: ContextVar[Deadline | None] = ContextVar("graphfold_deadline", default=None)

current_deadline = _current.get
"""The deadline of the operation that is running here; None outside of one."""

set_current_deadline = _current.set
"""Called where operations begin and end, by nobody else."""


def cap_to_deadline(seconds: float) -> float:
    """So many seconds, or what is left where that is less: zero or below where nothing is."""
    deadline = current_deadline()
    return seconds if deadline is None else min(seconds, deadline.remaining())


def timeout_within_deadline(seconds: float) -> float:
    """So many seconds, or what is left where that is less. Raises DEADLINE_EXCEEDED where nothing is."""
    deadline = current_deadline()
    if deadline is None:
        return seconds
    left = deadline.remaining()
    if left <= 0:
        raise deadline_exceeded()
    return min(seconds, left)


def deadline_exceeded(internal: str | None = None) -> DeadlineExceeded:
    return DeadlineExceeded("The time for this operation is over.", internal=internal)


async def wait_for_cancelled(tasks: Iterable[asyncio.Task[Any]], deadline: Deadline | None) -> None:
    """Cancelled tasks have stopped. The operation does not wait beyond its deadline for those that do not."""
    timeout = None if deadline is None else max(deadline.remaining(), 0) + GRACE
    stopped, left = await asyncio.wait(tasks, timeout=timeout)
    for task in stopped:
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain that nobody did
    if left:
        _insisting.add(insisting := asyncio.ensure_future(_insist(left)))
        insisting.add_done_callback(_insisting.discard)


async def _insist(tasks: set[asyncio.Task[Any]]) -> None:
    for _ in range(STUBBORN):
        _, tasks = await asyncio.wait(tasks, timeout=1 / STUBBORN)
        if not tasks:
            return
        for task in tasks:
            task.cancel()
    _log.error("a resolver goes on after its operation, however often it is cancelled", tasks=len(tasks))


_insisting: set[asyncio.Task[None]] = set()
