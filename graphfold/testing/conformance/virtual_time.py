"""Event loops on which waiting takes no time: when nothing is left to do but wait, their clock jumps ahead.

For code that talks to nobody outside of the process: real sockets would come too late. What is meant for a thread is
done at once, so that the clock cannot run ahead of it.
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
    """What `work` gives, on a loop of its own, on which nothing is left. What takes time without waiting is seen, too.

    An `asyncio.Runner` minds signals, too: for one of hundreds of trials that takes longer than the loop itself.
    """
    with closing(_WorkingLoop()) as loop:
        try:
            return loop.run_until_complete(work())
        finally:
            loop.run_until_complete(_ended())


async def _ended() -> None:
    """Everything on this loop but itself."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class _Selector(selectors.DefaultSelector):
    """Never waits for a time."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is not None else None)
        if timeout and not ready:
            self.skipped += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """`skipped`: seconds that nobody had to wait. Its clock shows nothing else: no machine is too slow for it."""

    def __init__(self) -> None:
        self._selector_of_ours = _Selector()
        super().__init__(self._selector_of_ours)

    @property
    def skipped(self) -> float:
        return self._selector_of_ours.skipped

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


class _WorkingLoop(VirtualTimeLoop):
    """Its clock goes on while something works, or holds up everybody else."""

    def time(self) -> float:
        return self.skipped + perf_counter()
