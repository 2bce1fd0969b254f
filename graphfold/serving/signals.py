"""Runs a coroutine as the main task of the process and ends it on a signal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine

__all__ = ["run_until_signal"]


def run_until_signal(work: Coroutine[object, object, int]) -> int:
    """Run a coroutine until it is done or a signal cancels it; return the exit code.

    The first SIGTERM or Ctrl-C cancels it, so that it can clean up. A second Ctrl-C kills the process.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_cancel_on_signal(work))
        except asyncio.CancelledError:
            return 0


async def _cancel_on_signal(work: Coroutine[object, object, int]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def interrupt() -> None:
        if task.cancelling():
            os._exit(130)
        task.cancel()

    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    return await task


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # not available on Windows
        return None
    return uvloop.new_event_loop
