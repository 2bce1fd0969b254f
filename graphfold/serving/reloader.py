"""Serves the newest working version of a project: after each change a new worker process replaces the old one.

The old worker ends once the new one is ready, and both listen on the same socket, so no request is lost in between.
If the new version cannot start, its worker prints the reason and the old one keeps serving.
"""

from __future__ import annotations

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import watchfiles

from graphfold.serving.worker import end_worker, start_worker

__all__ = ["reload_on_change"]

_WATCHED = ("schema", "adapters", "resolvers", "queries", "pyproject.toml", ".env")


async def reload_on_change(
    root: Path, listener: socket.socket, environment: Mapping[str, str], report: Callable[[str], None]
) -> None:
    """Serve the project at `root` and reload it on changes, until cancelled. `report` gets a line on each reload."""
    changes = _changes(root)
    current: Process | None = None
    changed = asyncio.ensure_future(anext(changes))  # watching begins before the first start, so no change is missed
    try:
        while True:
            new = await start_worker(listener, environment, announced=current is None)
            if new is None:
                report("The last good version keeps serving." if current else "Nothing is served until this is fixed.")
            else:
                if current is not None:
                    await end_worker(current)
                    report("Loaded.")
                current = new
            report(f"{await changed} changed: reloading.")
            changed = asyncio.ensure_future(anext(changes))
    finally:
        changed.cancel()
        if current is not None:
            await end_worker(current)


async def _changes(root: Path) -> AsyncIterator[str]:
    """Yield a description of the changed files after each burst of changes."""
    # The engine itself is watched if it is developed in this project, but not below site-packages elsewhere.
    engine = Path(__file__).parents[1]
    paths = [root / name for name in _WATCHED] + ([engine] if engine.is_relative_to(root) else [])
    # An editor writes a file in several steps; `awatch` yields once for all changes that are close in time.
    async for changes in watchfiles.awatch(*(path for path in paths if path.exists())):
        names = sorted({str(Path(path).relative_to(root)) for _, path in changes})
        yield names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
