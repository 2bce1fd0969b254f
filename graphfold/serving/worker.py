"""A worker process: serves on a socket inherited from the reloader, which starts and ends it.

    reloader                                     worker
       | start: listener, pipe, stdin ------------> | loads the graph, serves
       | <------------------- one byte on the pipe  | ready
       | SIGTERM, or the end of stdin ------------> | stops

A worker that cannot start closes the pipe without a byte, after it has printed the reason. Its stdin ends when the
reloader is gone, even if that was killed, so no worker is left behind.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress

__all__ = ["end_worker", "run_worker", "start_worker"]

END = 1.8
"""Seconds that a worker may take to end; then it is killed."""


async def start_worker(listener: socket.socket, environment: Mapping[str, str], *, announced: bool) -> Process | None:
    """Start `graphfold worker` and wait until it is ready. Return None if it could not start.

    `announced`, it prints the state of the backends and the gateway's address.
    """
    ready_reader, ready_writer = os.pipe()
    arguments = [f"--listener={listener.fileno()}", f"--ready={ready_writer}", *(["--quiet"] * (not announced))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "graphfold", "worker", *arguments),
        env=dict(environment),
        stdin=PIPE,
        pass_fds=(listener.fileno(), ready_writer),
        start_new_session=True,  # a Ctrl-C in the terminal must not reach it: the reloader ends it
    )
    # Only the worker holds the writing end now, so the read below also ends when the worker does.
    os.close(ready_writer)
    try:
        # In a thread, as reading from a pipe blocks.
        ready = await asyncio.to_thread(os.read, ready_reader, 1)
    except asyncio.CancelledError:
        await end_worker(process)
        raise
    finally:
        os.close(ready_reader)
    if ready:
        return process
    await process.wait()
    return None


async def end_worker(process: Process) -> None:
    """Terminate a worker, and kill it if it has not ended in time."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def run_worker(gateway: AbstractAsyncContextManager[None], ready: int) -> int:
    """Run the gateway in this worker process until it is cancelled; `ready` is the pipe to report on."""
    _cancel_when_stdin_ends()
    async with gateway:
        os.write(ready, b"!")
        os.close(ready)
        await asyncio.Event().wait()
    return 0


def _cancel_when_stdin_ends() -> None:
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert task is not None

    # A daemon thread, since it blocks in `read` when the worker ends for another reason.
    def watch() -> None:
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(task.cancel)

    threading.Thread(target=watch, daemon=True).start()
