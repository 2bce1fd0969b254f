"""Concurrent parts of a run. Each is begun at once; only those that must wait beside others cost a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Self

from graphfold.execution.owner import Owner
from graphfold.execution.spare import Resumed

__all__ = ["Branches", "needs_loop"]

Part = Coroutine[Any, Any, None]


class Branches:
    """Used as a context: left by an exception, all parts are stopped."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._waiting: list[tuple[Part, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.cancel()

    def start(self, part: Part, *, as_task: bool = False) -> None:
        """Run it to its first wait. `as_task`: it goes on while its starter does something else."""
        try:
            wait = part.send(None)
        except StopIteration:
            return
        if as_task:
            self._tasks.append(asyncio.ensure_future(_resumed(part, wait)))
        else:
            self._waiting.append((part, wait))

    async def join(self) -> None:
        """Until all have ended. Errors are values here: an exception is a cancellation, and ends them all."""
        if self._waiting and self._owner.errors.data_is_null:
            self.cancel()
        if len(self._waiting) > 1:
            await self._with_loop()
        if not self._tasks and len(self._waiting) == 1:
            await Resumed(*self._waiting.pop())
        elif self._tasks or self._waiting:
            waiting, self._waiting = self._waiting, []
            self._tasks += [asyncio.ensure_future(_resumed(part, wait)) for part, wait in waiting]
            await asyncio.gather(*self._tasks)

    async def _with_loop(self) -> None:
        """Parts that went as far as they could without a loop are sent on when there is one."""
        paused = [part for part, wait in self._waiting if wait is None]
        if paused:
            await needs_loop()
            self._waiting = [(part, wait) for part, wait in self._waiting if wait is not None]
            for part in paused:
                self.start(part)

    def cancel(self) -> None:
        """None of them is wanted any more."""
        waiting, self._waiting = self._waiting, []
        for part, _ in waiting:
            part.close()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
            self._owner.leave(task)


async def _resumed(part: Part, wait: Any) -> None:
    await Resumed(part, wait)


class needs_loop:  # noqa: N801  # awaited like a function
    """Awaited where something has to be waited for the first time: up to there the run went on in its caller."""

    def __await__(self) -> Generator[None]:
        yield
