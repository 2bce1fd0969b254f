"""Retry a call that failed: exponential backoff with full jitter, driven by stamina."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from graphfold.errors import GraphError

__all__ = ["RetryDelay", "backoff", "jitter", "retry"]

T = TypeVar("T")

BASE = 0.05
"""The longest wait before the first retry, in seconds; it doubles for each further one."""
MAX_WAIT = 2.0
MAX_JITTER = 0.25
"""As a fraction of a `Retry-After`."""

RetryDelay = Callable[[GraphError, int], float | None]
"""From an error and the number of retries so far: the seconds until the next retry, None where there is none."""


def backoff(retries: int) -> float:
    """Return a wait between zero and the maximum, so that calls that failed together are not retried together."""
    return random.uniform(0, min(MAX_WAIT, BASE * 2**retries))  # noqa: S311  # not for secrets


def jitter(pause: float, available: float) -> float:
    """Return extra seconds to add to a `Retry-After`: all callers got the same one, and would come back together.

    It is at most a quarter of the pause, and at most half of the `available` time.
    """
    return random.uniform(0, min(MAX_JITTER * pause, available / 2))  # noqa: S311  # not for secrets


async def retry(
    error: GraphError, seconds: float, attempt: Callable[[], Awaitable[T]], next_delay: RetryDelay, name: str
) -> T:
    """Call `attempt`, first `seconds` from now, until it succeeds or `next_delay` says None. Raise the last error.

    `error` is that of the first attempt, which the caller has made: stamina takes 20 ms to import and 40 us to set up,
    so only calls that fail pay for it. Its first attempt raises `error` again. `name` identifies the call in stamina's
    log lines and Prometheus metrics.
    """
    import stamina

    retries = 0

    def delay(failure: Exception) -> bool | float:
        nonlocal retries
        if failure is error:
            wait: float | None = seconds
        else:
            wait = next_delay(failure, retries) if isinstance(failure, GraphError) else None
        retries += 1
        return False if wait is None else wait

    async for each in stamina.retry_context(on=delay, attempts=None, timeout=None).with_name(name, (), {}):
        with each:
            if each.num == 1:
                raise error  # stands for the attempt that the caller has made
            return await attempt()
    raise AssertionError("stamina gives up by raising")
