"""The time that one operation may take. Whatever it waits for, from a batch to a token request, gets what is left."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from graphfold.errors import DeadlineExceeded

__all__ = ["Deadline", "current", "exceeded", "set_current", "within"]


class Deadline:
    """So many seconds from now, on the clock of the running loop, which no change of the wall clock moves."""

    __slots__ = ("_time", "end")

    def __init__(self, seconds: float) -> None:
        self._time = asyncio.get_running_loop().time
        self.end = self._time() + seconds

    def left(self) -> float:
        """Seconds; zero or less when it is over."""
        return self.end - self._time()


_current: ContextVar[Deadline | None] = ContextVar("graphfold_deadline", default=None)

current = _current.get
"""The deadline of the operation that is running here; None outside of one."""

set_current = _current.set
"""Called where operations begin and end, by nobody else."""


def within(seconds: float) -> float:
    """So many seconds, or what is left where that is less. Raises DEADLINE_EXCEEDED where nothing is."""
    deadline = current()
    if deadline is None:
        return seconds
    left = deadline.left()
    if left <= 0:
        raise exceeded()
    return min(seconds, left)


def exceeded(internal: str | None = None) -> DeadlineExceeded:
    return DeadlineExceeded("The time for this operation is over.", internal=internal)
