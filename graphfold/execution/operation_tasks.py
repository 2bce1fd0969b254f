"""Concurrent parts of a run. Each is begun at once; only those that must wait beside others cost a task."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any, Self

from graphfold.deadline import current_deadline, wait_for_cancelled
from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.spare_task import SpareTask, StartedCoroutine
from graphfold.loading.stale_values import ServedStaleValue

__all__ = ["Branches", "OperationTasks", "needs_loop"]

Part = Coroutine[Any, Any, None]


class OperationTasks:
    """`stale_values` is told of what its resolvers loaded that was stale."""

    def __init__(self, errors: FieldErrors, stale_values: list[ServedStaleValue]) -> None:
        self.errors, self.stale_values = errors, stale_values
        self.spare: SpareTask | None = None
        self._deadline = current_deadline()
        self._leaving: set[asyncio.Task[Any]] = set()

    @property
    def is_over(self) -> bool:
        """Is the operation's time over?"""
        return self._deadline is not None and self._deadline.remaining() <= 0

    def wait(self) -> None:
        """From here on it waits for others: no longer than its deadline."""
        if self._deadline is not None:
            self._deadline.on_expiry(self.errors.expire)

    def lose_spare(self) -> None:
        if self.spare is not None:
            self.spare.end()
            self.spare = None

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Its outcome is wanted no more. It has been cancelled and may be cleaning up, which `ended` waits for."""
        if not task.done():
            self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[Any]) -> None:
        self._leaving.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain that nobody did

    async def ended(self) -> None:
        """No task of this operation is left, or its time is over."""
        self.lose_spare()
        while self._leaving:
            leaving, self._leaving = self._leaving, set()
            await wait_for_cancelled(leaving, self._deadline)


class Branches:
    """Used as a context: left by an exception, all parts are stopped."""

    def __init__(self, owner: OperationTasks) -> None:
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
            await StartedCoroutine(*self._waiting.pop())
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
    await StartedCoroutine(part, wait)


class needs_loop:  # noqa: N801  # awaited like a function
    """Awaited where something has to be waited for the first time: up to there the run went on in its caller."""

    def __await__(self) -> Generator[None]:
        yield
