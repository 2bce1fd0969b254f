"""The tasks of one run of an operation: parts that run side by side, and tasks that nobody waits for any more.

A part is run to its first wait at once, in its caller. Only parts that must wait beside others are given a task:

    start(a)  ends at once                    nothing to do
    start(b)  waits                           one open part: `join` goes on with it in the caller, no task
    start(c)  waits as well                   several open parts: `join` makes each a task and gathers them

Until the first wait of all there need not even be an event loop: a run is then synchronous, as in graphql-core.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from typing import Any, Self

from graphfold.deadline import Deadline, wait_for_cancelled
from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.spare_task import SpareTask, StartedCoroutine
from graphfold.loading.stale_values import ServedStaleValue

__all__ = ["Branches", "OperationTasks"]

Part = Coroutine[Any, Any, None]


class OperationTasks:
    """What the parts of one run share: field errors, stale values used (`stale_values`), the spare task, the deadline.

    `synchronous` is True until something has to be awaited.
    """

    def __init__(self, errors: FieldErrors, stale_values: list[ServedStaleValue], deadline: Deadline | None) -> None:
        self.errors, self.stale_values = errors, stale_values
        self.spare: SpareTask | None = None
        self.synchronous = True
        self._deadline = deadline
        self._abandoned: set[asyncio.Task[Any]] = set()

    @property
    def is_over(self) -> bool:
        """Whether the operation's deadline has passed."""
        return self._deadline is not None and self._deadline.remaining() <= 0

    async def need_loop(self, values: Iterable[Any] = ()) -> None:
        """Wait until an event loop runs, before the first real wait; hold the operation to its deadline from there on.

        Close `values`, the coroutines that were to be started, if that never comes.
        """
        if self.synchronous:
            try:
                await _Pause()
            except GeneratorExit:
                for value in values:
                    if hasattr(value, "close"):
                        value.close()
                raise
            self.synchronous = False
            if self._deadline is not None:
                self._deadline.on_expiry(self.errors.expire)

    def end_spare(self) -> None:
        """End the spare task: it is taken, or no longer needed."""
        if self.spare is not None:
            self.spare.end()
            self.spare = None

    def abandon(self, task: asyncio.Task[Any]) -> None:
        """Take over a cancelled task whose outcome nobody wants. It may be cleaning up; `end` waits for it."""
        if not task.done():
            self._abandoned.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._abandoned.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it as never retrieved

    async def end(self) -> None:
        """Wait until no task of this operation is left, or its time is over."""
        self.end_spare()
        while self._abandoned:
            abandoned, self._abandoned = self._abandoned, set()
            await wait_for_cancelled(abandoned, self._deadline)


class Branches:
    """Concurrent parts of a run. Use it as a context manager: on an exception all parts are stopped."""

    def __init__(self, tasks: OperationTasks) -> None:
        self._operation = tasks
        self._waiting: list[tuple[Part, Any]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self._cancel()

    def start(self, part: Part, *, as_task: bool = False) -> None:
        """Run a part to its first wait. With `as_task` it goes on while its starter does something else."""
        try:
            wait = part.send(None)
        except StopIteration:
            return
        if as_task:
            self._tasks.append(asyncio.ensure_future(_resume(part, wait)))
        else:
            self._waiting.append((part, wait))

    async def join(self) -> None:
        """Wait until all parts have ended. Field errors are values here; an exception is a cancellation of all."""
        if self._waiting and self._operation.errors.data_is_null:
            self._cancel()
        if len(self._waiting) > 1:
            await self._go_on_in_loop()
        if not self._tasks and len(self._waiting) == 1:
            await StartedCoroutine(*self._waiting.pop())
        elif self._tasks or self._waiting:
            waiting, self._waiting = self._waiting, []
            self._tasks += [asyncio.ensure_future(_resume(part, wait)) for part, wait in waiting]
            await asyncio.gather(*self._tasks)

    async def _go_on_in_loop(self) -> None:
        """Run on the parts that paused for want of an event loop, once there is one."""
        paused = [part for part, wait in self._waiting if wait is None]
        if paused:
            await _Pause()
            self._waiting = [(part, wait) for part, wait in self._waiting if wait is not None]
            for part in paused:
                self.start(part)

    def _cancel(self) -> None:
        waiting, self._waiting = self._waiting, []
        for part, _ in waiting:
            part.close()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
            self._operation.abandon(task)


async def _resume(part: Part, wait: Any) -> None:
    await StartedCoroutine(part, wait)


class _Pause:
    """Awaitable that yields None once: `start_run` resumes the run as soon as it has a loop."""

    def __await__(self) -> Generator[None]:
        yield
