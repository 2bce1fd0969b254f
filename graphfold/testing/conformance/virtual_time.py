"""Event loops on which waiting takes no time: when nothing is left to do but wait, their clock jumps ahead.

    loop asks the selector to wait 30 s for sockets -> it polls without waiting, finds none ready, adds 30 to `skipped`
    loop.time() includes `skipped`                  -> the timer that was due in 30 s runs at once

Only for code that talks to nothing outside the process: a real socket would never be ready before the clock jumps. Work
for a thread runs at once in the loop's own thread, since the clock would run ahead of another.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import closing
from time import perf_counter
from typing import Any, TypeVar, TypeVarTuple, Unpack

__all__ = ["VirtualTimeLoop", "run_in_virtual_time"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


def run_in_virtual_time(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on a loop of its own and end everything it has left there. Time spent computing counts, too.

    Unlike `asyncio.Runner` this installs no signal handlers: in hundreds of trials they cost more than the loop.
    """
    with closing(_ComputingLoop()) as loop:
        try:
            return loop.run_until_complete(work())
        finally:
            loop.run_until_complete(_end_all())


async def _end_all() -> None:
    """Cancel every other task of this loop and close its asynchronous generators."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class _Selector(selectors.DefaultSelector):
    """A selector that polls, and counts the seconds it should have waited."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is not None else None)
        if timeout and not ready:
            self.skipped += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose clock shows only the time that was waited, so that no machine is too slow for a test."""

    def __init__(self) -> None:
        self._own_selector = _Selector()
        super().__init__(self._own_selector)

    @property
    def skipped(self) -> float:
        """The seconds of waiting that were skipped."""
        return self._own_selector.skipped

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done

    def time(self) -> float:
        return self.skipped


class _ComputingLoop(VirtualTimeLoop):
    """A loop whose clock also advances while something computes, or blocks the loop."""

    def time(self) -> float:
        return self.skipped + perf_counter()
