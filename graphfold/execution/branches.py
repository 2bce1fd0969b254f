"""Concurrent parts of a run. Each is begun at once; only those that must wait beside others cost a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any

from graphfold.execution.spare import Resumed

__all__ = ["Branches", "asynchronous"]

Part = Coroutine[Any, Any, None]


class Branches:
    def __init__(self) -> None:
        self.waiting: list[tuple[Part, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, part: Part, *, as_task: bool = False) -> None:
        """Run it to its first wait. `as_task`: it goes on while its starter does something else."""
        try:
            wait = part.send(None)
        except StopIteration:
            return
        if as_task:
            self._tasks.append(asyncio.ensure_future(_resumed(part, wait)))
        else:
            self.waiting.append((part, wait))

    async def join(self) -> None:
        """Until all have ended. If one raises (a cancellation; errors are values here) the others are stopped."""
        if not self._tasks and len(self.waiting) == 1:
            await Resumed(*self.waiting[0])
        elif self._tasks or self.waiting:
            self._tasks += [asyncio.ensure_future(_resumed(part, wait)) for part, wait in self.waiting]
            self.waiting = []
            try:
                await asyncio.gather(*self._tasks)
            except BaseException:
                await self.cancel()
                raise

    async def cancel(self) -> None:
        for part, _ in self.waiting:
            part.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _resumed(part: Part, wait: Any) -> None:
    await Resumed(part, wait)


class asynchronous:  # noqa: N801  # awaited like a function
    """Awaited where something has to be waited for the first time: up to there the run went on in its caller."""

    def __await__(self) -> Generator[None]:
        yield
