"""`--reload`: the gateway runs in a process of its own, replaced after each change once the new one is ready.

Both listen on the same socket, so no request is lost in between, and a file that is broken costs nothing: the process
that could not start says what is wrong and the last good one keeps serving.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path

import watchfiles

import graphfold
from graphfold.cli.terminal import out

__all__ = ["supervise"]

_ROOMS = ("schema", "adapters", "resolvers", "queries", "pyproject.toml", ".env")
END = 1.8
"""Seconds a process may take to end; then it is killed."""


async def supervise(root: Path, listener: socket.socket, environment: Mapping[str, str]) -> None:
    """Keep the newest version of the project that works running, until cancelled."""
    changes, current = _changes(root), None
    changed = asyncio.ensure_future(anext(changes))  # watched from before the start: no change is missed
    try:
        while True:
            current = await _renewed(current, listener, environment)
            out.print(f"{await changed} changed: loading again.")
            changed = asyncio.ensure_future(anext(changes))
    finally:
        changed.cancel()
        if current is not None:
            await _end(current)


async def _changes(root: Path) -> AsyncIterator[str]:
    """After each burst of changes: the files, in words."""
    engine = Path(graphfold.__file__).parent
    rooms = [root / room for room in _ROOMS] + ([engine] if engine.is_relative_to(root) else [])
    async for changes in watchfiles.awatch(*(room for room in rooms if room.exists())):
        names = sorted({str(Path(path).relative_to(root)) for _, path in changes})
        yield names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


async def _renewed(current: Process | None, listener: socket.socket, environment: Mapping[str, str]) -> Process | None:
    """A gateway with what the files say now, where that works; else the one there is."""
    new = await _start(listener, environment, announced=current is None)
    if new is None:
        out.print("The last good version keeps serving." if current else "Nothing is served until that is mended.")
        return current
    if current is not None:
        await _end(current)
        out.print("Loaded.")
    return new


async def _start(listener: socket.socket, environment: Mapping[str, str], *, announced: bool) -> Process | None:
    """A gateway that is ready; None where it could not start, for a reason it has told itself."""
    told, tell = os.pipe()
    arguments = ["worker", f"--listener={listener.fileno()}", f"--ready={tell}", *(["--quiet"] * (not announced))]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "graphfold", *arguments),
        env=dict(environment),
        stdin=PIPE,
        pass_fds=(listener.fileno(), tell),
        start_new_session=True,
    )
    os.close(tell)
    try:
        ready = await asyncio.to_thread(os.read, told, 1)
    except asyncio.CancelledError:
        await _end(process)
        raise
    finally:
        os.close(told)
    if ready:
        return process
    await process.wait()
    return None


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(END):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
