"""Hedging: when a call takes longer than most do, a second one is made, and whichever answers first is the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

__all__ = ["first_of_two"]

T = TypeVar("T")

Start = Callable[[], Coroutine[Any, Any, T]]


async def first_of_two(first: Start[T], second: Start[T], after: float, may: Callable[[], bool]) -> T:
    """What `first` gives. After so many seconds `second` is started, too, if it `may` be; the slower is cancelled.

    A failure is no answer while the other may still bring one. Raises the failure of the first where both fail.
    """
    calls = [asyncio.ensure_future(first())]
    try:
        done, _ = await asyncio.wait(calls, timeout=after)
        if not done and may():
            calls.append(asyncio.ensure_future(second()))
            await _answered(calls)
        return await next((call for call in calls if _is_well(call)), calls[0])
    finally:
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)


async def _answered(calls: Sequence[asyncio.Future[T]]) -> None:
    """Returns when one has answered, or all have failed."""
    pending: set[asyncio.Future[T]] = set(calls)
    while pending and not any(map(_is_well, calls)):
        _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)


def _is_well(call: asyncio.Future[Any]) -> bool:
    return call.done() and not call.cancelled() and call.exception() is None
