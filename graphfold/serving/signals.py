"""Runs a coroutine as the main task of the process and ends it on a signal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress

__all__ = ["run_until_signal"]


def run_until_signal(work: Coroutine[object, object, int]) -> int:
    """Run a coroutine until it is done or a signal cancels it; return the exit code.

    The first SIGTERM or Ctrl-C cancels it, so that it can clean up. A second Ctrl-C kills the process.
    """
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    with suppress(ImportError):  # uvloop is not available on Windows
        import uvloop

        loop_factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(_cancel_on_signal(work))
        except asyncio.CancelledError:
            return 0


async def _cancel_on_signal(work: Coroutine[object, object, int]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def interrupt() -> None:
        if task.cancelling():
            # The clean-up hangs. `sys.exit` would wait for it and for threads; 130 is what shells report for Ctrl-C.
            os._exit(130)
        task.cancel()

    # The loop runs these handlers between two turns. A plain `signal.signal` handler would run between any two
    # bytecodes, in the middle of a callback of the loop.
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGINT, interrupt)
    return await task
