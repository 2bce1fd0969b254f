"""Once more, after a wait: exponential backoff with full jitter, driven by stamina."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from graphfold.errors import GraphError

__all__ = ["Delay", "backoff", "jitter", "repeated"]

T = TypeVar("T")

BASE = 0.05
"""Seconds: the longest wait before the first repetition; it doubles for each further one."""
LONGEST = 2.0
SHARE = 0.25
"""Of a pause: how far apart those come back who were all told of it."""

Delay = Callable[[GraphError, int], float | None]
"""A failure and how many repetitions there were: the seconds to wait before the next one, None for no more."""


def backoff(repetitions: int) -> float:
    """Anything from nothing to the whole wait, so that callers who failed together do not come back together."""
    return random.uniform(0, min(LONGEST, BASE * 2**repetitions))  # noqa: S311  # keeps no secret


def jitter(pause: float, room: float) -> float:
    """Anything up to a quarter of a pause that everybody was told, who would else come back at its end together.

    It takes no more than half of the `room` there is, in seconds.
    """
    return random.uniform(0, min(SHARE * pause, room / 2))  # noqa: S311  # keeps no secret


async def repeated(
    failure: GraphError, seconds: float, again: Callable[[], Awaitable[T]], delay: Delay, name: str
) -> T:
    """What `again` gives, `seconds` after `failure`, tried for as long as `delay` allows. Raises the last failure.

    stamina takes 40 us to set up and 20 ms to import, so it hears of a call only once that is to be repeated: its first
    attempt is the one that was made already. What it tells the log and Prometheus is under `name`.
    """
    import stamina

    repetitions = 0

    def wait(error: Exception) -> bool | float:
        nonlocal repetitions
        longer = seconds if error is failure else delay(error, repetitions) if isinstance(error, GraphError) else None
        repetitions += 1
        return False if longer is None else longer

    async for attempt in stamina.retry_context(on=wait, attempts=None, timeout=None).with_name(name, (), {}):
        with attempt:
            if attempt.num == 1:
                raise failure
            return await again()
    raise AssertionError("stamina gives up by raising")
