"""The deadline of one operation: whatever it waits for, from a batch to a token request, gets the time that is left.

The deadline is a context variable, so the tasks that an operation starts inherit it and nothing has to pass it on. A
refresh of stale cache entries in the background runs without one, since no operation waits for it.

    operation begins                                      deadline    + GRACE
    |------------------------------------------------------|-----------|
                                    calls to backends end here         what still runs is cancelled, and the answer
                                    with DEADLINE_EXCEEDED             goes out with what there is
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextvars import ContextVar

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
"""Seconds between the deadline, at which calls end, and the end of the operation: the time to use their results."""

CANCELLATIONS = 10
"""How often a task that goes on after its cancellation is cancelled again, ten times a second."""

_log = structlog.get_logger("graphfold.deadline")


class Deadline:
    """A moment so many seconds from now, on the clock of the running loop: changes of the wall clock do not move it."""

    __slots__ = ("_alarm", "_loop", "end")

    def __init__(self, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self.end = self._loop.time() + seconds
        self._alarm: asyncio.TimerHandle | None = None

    def remaining(self) -> float:
        """Return the seconds left; zero or less when the deadline has passed."""
        return self.end - self._loop.time()

    def on_expiry(self, callback: Callable[[], None]) -> None:
        """Call `callback` once the deadline has passed by `GRACE`."""
        self._alarm = self._loop.call_at(self.end + GRACE, callback)

    def cancel_alarm(self) -> None:
        """Cancel the callback: the operation has ended in time."""
        if self._alarm is not None:
            self._alarm.cancel()
            # The timer holds the context it was made in, which holds this deadline. Dropping it leaves no cycle for the
            # garbage collector.
            self._alarm = None


_current: ContextVar[Deadline | None] = ContextVar("graphfold_deadline", default=None)

current_deadline = _current.get
"""The deadline of the operation that runs in this context; None outside of an operation."""

set_current_deadline = _current.set
"""To be called only where an operation begins and ends, and around work that no operation waits for."""


def cap_to_deadline(seconds: float) -> float:
    """Return so many seconds, or those until the deadline where that is less: zero or negative once it has passed."""
    deadline = current_deadline()
    return seconds if deadline is None else min(seconds, deadline.remaining())


def timeout_within_deadline(seconds: float) -> float:
    """Return so many seconds, or those until the deadline. Raise DEADLINE_EXCEEDED where it has passed."""
    deadline = current_deadline()
    if deadline is None:
        return seconds
    remaining = deadline.remaining()
    if remaining <= 0:
        raise deadline_exceeded()
    return min(seconds, remaining)


def deadline_exceeded(internal: str | None = None) -> DeadlineExceeded:
    return DeadlineExceeded("The time for this operation is over.", internal=internal)


async def wait_for_cancelled(tasks: Iterable[asyncio.Task[object]], deadline: Deadline | None) -> None:
    """Wait until cancelled tasks have stopped, at most until the deadline and its grace.

    A task may catch its cancellation and go on. Such tasks are cancelled again in the background, and logged as an
    error where that is of no use either.
    """
    timeout = None if deadline is None else max(deadline.remaining(), 0) + GRACE
    stopped, running = await asyncio.wait(tasks, timeout=timeout)
    for task in stopped:
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it as never retrieved
    if running:
        cancelling = asyncio.ensure_future(_cancel_repeatedly(running))
        _cancelling.add(cancelling)
        cancelling.add_done_callback(_cancelling.discard)


async def _cancel_repeatedly(tasks: set[asyncio.Task[object]]) -> None:
    for _ in range(CANCELLATIONS):
        _, tasks = await asyncio.wait(tasks, timeout=1 / CANCELLATIONS)
        if not tasks:
            return
        for task in tasks:
            task.cancel()
    _log.error("a resolver goes on after its operation, however often it is cancelled", tasks=len(tasks))


_cancelling: set[asyncio.Task[None]] = set()
"""Strong references: the event loop itself keeps only weak ones to its tasks."""
