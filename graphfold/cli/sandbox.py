"""The project's sandbox as a child process: started, waited for, asked for its settings, and never left behind.

A sandbox is any command that takes `--port` and `--with-parent`, prints `{"ready": true, "url": ...}` when it is up,
and answers the settings of its backends as a JSON object of variables at `/_sandbox/settings`.
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

__all__ = ["Sandbox", "sandbox"]

START = 30.0
"""Seconds a sandbox may take to be ready."""
END = 0.3
"""Seconds it may take to end when it is told to; then it is killed."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox: where it is, and the variables with which a graph reaches its backends."""

    url: str
    settings: dict[str, str]
    ended: asyncio.Task[int]


@asynccontextmanager
async def sandbox(command: str, root: Path, port: int) -> AsyncIterator[Sandbox]:
    """The sandbox of the project at `root`, for as long as the block runs."""
    process = await _start(_arguments(command, port), root)
    try:
        url = await _ready(process, command)
        settings = await _settings(url)
        ended = asyncio.ensure_future(_drained(process))
        try:
            yield Sandbox(url, settings, ended)
        finally:
            ended.cancel()
    finally:
        await _end(process)


def _arguments(command: str, port: int) -> list[str]:
    words = shlex.split(command)
    if words and words[0] in ("python", "python3"):
        words[0] = sys.executable  # the one that has the project's dependencies
    return [*words, "--port", str(port), "--with-parent"]


async def _start(arguments: list[str], root: Path) -> Process:
    try:
        # In a session of its own, so that a Ctrl-C reaches it only through us. Its stdin ends when we do.
        return await asyncio.create_subprocess_exec(
            *arguments, cwd=root, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
    except OSError as error:
        told = f"The sandbox cannot be started: {shlex.join(arguments)}: {error.strerror}."
        raise Stop(
            told, fix="correct `sandbox` under [tool.graphfold] in pyproject.toml, or use --no-sandbox."
        ) from None


async def _ready(process: Process, command: str) -> str:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START):
            line = await process.stdout.readline()
    except TimeoutError:
        raise Stop(f"The sandbox (`{command}`) was not ready within {START:.0f} seconds.", fix=_FIX) from None
    with suppress(orjson.JSONDecodeError, TypeError, KeyError):
        return str(orjson.loads(line)["url"])
    if line:
        raise Stop(f"The sandbox (`{command}`) said {line[:200]!r} instead of its ready line.", fix=_FIX)
    code = await process.wait()
    raise Stop(f"The sandbox (`{command}`) did not start; it ended with exit code {code} (see above).", fix=_FIX)


_FIX = "run the command by itself to see more, or go without it: --no-sandbox."


async def _settings(url: str) -> dict[str, str]:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            response = await client.get(f"{url}/_sandbox/settings")
            return {str(name): str(value) for name, value in response.raise_for_status().json().items()}
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        raise Stop(f"The sandbox does not tell its settings at {url}/_sandbox/settings: {error}.", fix=_FIX) from None


async def _drained(process: Process) -> int:
    """Its exit code. What it prints meanwhile goes to stderr, so that it is never stopped by a full pipe."""
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
    if process.returncode is None:
        process.kill()
        await process.wait()
