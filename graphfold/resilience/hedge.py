"""Hedging: when a call takes longer than most do, make a second one and use whichever succeeds first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["first_success"]

T = TypeVar("T")

Start = Callable[[], Coroutine[Any, Any, T]]


async def first_success(first: Start[T], second: Start[T], after: float, may_hedge: Callable[[], bool]) -> T:
    """Return the result of `first`, or of `second`, which starts `after` seconds later if `may_hedge()` allows it.

    The guard chooses `after`: the 95th percentile of the operation's latency.
    The slower one is cancelled. A failure does not end the race while the other may still succeed; where both fail,
    the failure of `first` is raised.
    """
    calls = [asyncio.ensure_future(first())]
    try:
        done, _ = await asyncio.wait(calls, timeout=after)
        if not done and may_hedge():
            calls.append(asyncio.ensure_future(second()))
            pending = set(calls)
            while pending and not any(map(_succeeded, calls)):
                _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        return await next((call for call in calls if _succeeded(call)), calls[0])
    finally:
        # Waiting for the cancelled call keeps it from outliving its operation and releases its connection and slot
        # before the result is used. Its exception is retrieved, so that asyncio does not log it.
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


def _succeeded(call: asyncio.Future[T]) -> bool:
    return call.done() and not call.cancelled() and call.exception() is None
