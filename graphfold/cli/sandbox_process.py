"""Runs the project's sandbox as a child process: starts it, reads its settings, and ends it in any case.

A sandbox is any command that takes `--port` and `--with-parent`, prints `{"ready": true, "url": ...}` when it is up,
and serves the settings of its backends as a JSON object of variables at `/_sandbox/settings`. `--with-parent` makes it
end when its stdin ends, which happens even if this process is killed.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

from graphfold.cli.terminal import Stop

__all__ = ["Sandbox", "run_sandbox"]

START = 30.0
"""Seconds that a sandbox may take to be ready."""
END = 0.3
"""Seconds that it may take to end after SIGTERM; then it is killed."""

_FIX = "run the command by itself to see more, or go without it: --no-sandbox."


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: its URL, the variables with which a graph reaches its backends, and its exit code."""

    url: str
    settings: dict[str, str]
    ended: asyncio.Task[int]


@asynccontextmanager
async def run_sandbox(command: str, root: Path, port: int) -> AsyncIterator[Sandbox]:
    """Run the sandbox of the project at `root` for the length of the block. Raise `Stop` if it does not start."""
    process = await _start(command, root, port)
    try:
        url = await _read_url(process, command)
        settings = await _fetch_settings(url)
        ended = asyncio.ensure_future(_forward_output(process))
        try:
            yield Sandbox(url, settings, ended)
        finally:
            ended.cancel()
    finally:
        await _end(process)


async def _start(command: str, root: Path, port: int) -> Process:
    words = shlex.split(command)
    if words and words[0] in ("python", "python3"):
        words[0] = sys.executable  # the interpreter that has the project's dependencies
    arguments = [*words, "--port", str(port), "--with-parent"]
    try:
        # A terminal sends Ctrl-C to all processes of a session. In a session of its own the sandbox keeps running
        # until requests in flight have been answered; `_end` ends it then.
        return await asyncio.create_subprocess_exec(
            *arguments, cwd=root, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
    except OSError as error:
        message = f"The sandbox cannot be started: {shlex.join(arguments)}: {error.strerror}."
        raise Stop(
            message, fix="correct `sandbox` under [tool.graphfold] in pyproject.toml, or use --no-sandbox."
        ) from None


async def _read_url(process: Process, command: str) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START):
            line = await process.stdout.readline()
    except TimeoutError:
        raise Stop(f"The sandbox (`{command}`) was not ready within {START:.0f} seconds.", fix=_FIX) from None
    # Any line that is not a JSON object with `url` is an error, reported below.
    with suppress(orjson.JSONDecodeError, TypeError, KeyError):
        return str(orjson.loads(line)["url"])
    if line:  # an empty line is the end of its stdout
        raise Stop(f"The sandbox (`{command}`) printed {line[:200]!r} instead of its ready line.", fix=_FIX)
    code = await process.wait()
    raise Stop(f"The sandbox (`{command}`) did not start; it ended with exit code {code} (see above).", fix=_FIX)


async def _fetch_settings(url: str) -> dict[str, str]:
    try:
        # `trust_env=False`: the sandbox is on this machine, where a proxy from the environment must not be used.
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            response = await client.get(f"{url}/_sandbox/settings")
            return {str(name): str(value) for name, value in response.raise_for_status().json().items()}
    except (httpx.HTTPError, ValueError, AttributeError) as error:  # AttributeError: JSON, but no object
        raise Stop(f"The sandbox did not return its settings at {url}/_sandbox/settings: {error}.", fix=_FIX) from None


async def _forward_output(process: Process) -> int:
    """Copy its output to stderr until it ends, and return its exit code.

    Nothing else reads its stdout by then, and a process that writes into a full pipe blocks.
    """
    assert process.stdout is not None
    async for line in process.stdout:
        sys.stderr.buffer.write(line)
    return await process.wait()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(END):
                await process.wait()
    if process.returncode is None:  # it is a demo with nothing to lose
        process.kill()
        await process.wait()
