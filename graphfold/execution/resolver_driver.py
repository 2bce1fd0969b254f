"""Drive the resolvers of a level: run each to its first wait, without a task or a future for those that only load.

A resolver that waits for a `Load` is kept in a plain list; when the load's dispatch has been answered, the driver
resumes all resolvers of that list in one go. A resolver that waits for anything else is promoted to a task of its own:

    start -> send(None) -> ended                      its value is there
                        -> yields a Load              kept in the list of the load's dispatch, resumed from there
                        -> yields anything else,      a task takes the coroutine over (`SpareTask.promote`)
                           or looked at its task

`spare_task` says why a resolver cannot tell that it did not run in a task from the start.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # documented for task implementations: "Extending asyncio"
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextvars import copy_context
from operator import methodcaller
from types import CoroutineType, GeneratorType
from typing import Any, Final, Self

from graphfold.deadline import deadline_exceeded
from graphfold.execution.batch_waits import FirstDone
from graphfold.execution.operation_tasks import OperationTasks
from graphfold.execution.response_positions import Positions
from graphfold.execution.spare_task import SpareTask
from graphfold.loading.load import Dispatch, Load
from graphfold.loading.load_result import Failed
from graphfold.loading.stale_values import attach_path

__all__ = ["NULLED", "ResolverDriver"]

Resolver = Coroutine[Any, Any, Any]
Entry = tuple[int | None, Resolver]
"""A coroutine and the index of its value; None where the value is no longer wanted."""

NULLED: Final = object()
"""The value of a position that an error has nulled meanwhile."""

_resume = methodcaller("send", None)


class ResolverDriver:
    """Runs the awaitables among the values of a level; each is replaced by its value, a `Failed`, or `NULLED`.

    Use it as a context manager: on an exception everything that still runs is cancelled.
    """

    def __init__(self, tasks: OperationTasks, positions: Positions, values: list[Any]) -> None:
        self.positions, self._operation, self._values = positions, tasks, values
        self._loop = asyncio.get_running_loop()
        self._loading: dict[Dispatch, list[tuple[int, Resolver]]] = {}
        self._tasks: dict[asyncio.Task[Any], int] = {}
        self._ended: list[asyncio.Task[Any]] = []
        self._ready: list[int] = []
        self._wait: FirstDone | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._operation.errors.unwatch(self)
        if error is not None:
            self.drop(lambda _: True)

    def start(self, indexes: Iterable[int]) -> list[int]:
        """Run each to its first wait. Return the indexes of those that had none."""
        self._run([(i, _coroutine(self._values[i])) for i in indexes], _resume)
        self._operation.errors.watch(self)
        ready, self._ready = self._ready, []
        return ready

    @property
    def running(self) -> bool:
        return bool(self._loading or self._tasks)

    async def ready(self) -> list[int]:
        """Return the indexes of values that have become ready since the last call; none when all are."""
        while not self._ready and self.running:
            if not self._ended:
                self._wait = FirstDone(
                    self._loop, [dispatch.done for dispatch in self._loading if dispatch.done is not None]
                )
                await self._wait
            # Nothing awaits in this loop, and nulls and the deadline reach `_stop` by callbacks of the event loop only:
            # no dispatch of this list can be removed meanwhile.
            for dispatch in [dispatch for dispatch in self._loading if dispatch.results is not None]:
                self._run(self._loading.pop(dispatch), _resume)
            self._collect()
        ready, self._ready = self._ready, []
        return ready

    def drop(self, is_nulled: Callable[[int], bool]) -> None:
        """Cancel what runs for positions that no longer exist."""
        for i in self._stop(is_nulled):
            self._values[i] = NULLED

    def expire(self) -> None:
        """Cancel what runs, because the operation's time is over, and fail its values whatever it does about that."""
        for i in self._stop(lambda _: True):
            self._resolved(i, Failed(deadline_exceeded()))

    def _stop(self, which: Callable[[int], bool]) -> list[int]:
        """Cancel some resolvers and return their indexes. The operation waits for what they do to clean up."""
        tasks = {task: i for task, i in self._tasks.items() if which(i)}
        for task in tasks:
            del self._tasks[task]
            task.cancel()
            self._operation.abandon(task)
        stopped: list[tuple[int, Resolver]] = []
        for dispatch, entries in list(self._loading.items()):
            stopped += [entry for entry in entries if which(entry[0])]
            entries[:] = [entry for entry in entries if not which(entry[0])]
            if not entries:
                del self._loading[dispatch]
        self._run([(None, coroutine) for _, coroutine in stopped], _cancel)
        self._wake()
        return [*tasks.values(), *(i for i, _ in stopped)]

    def _run(self, entries: Sequence[Entry], step: Callable[[Resolver], Any]) -> None:
        """Take each coroutine on to its next wait, as if in a task of its own."""
        loop, current, operation = self._loop, asyncio.current_task(self._loop), self._operation
        if operation.spare is not None and operation.spare.outer_context != copy_context():
            operation.end_spare()
        if current is not None:
            _leave_task(loop, current)
        position = 0
        try:
            while position < len(entries):
                spare = operation.spare = operation.spare or SpareTask(loop)
                spare.enter()
                try:
                    position = spare.context.run(self._run_in, spare, entries, position, step)
                finally:
                    spare.leave()
        finally:
            if current is not None:
                _enter_task(loop, current)

    def _run_in(
        self, spare: SpareTask, entries: Sequence[Entry], position: int, step: Callable[[Resolver], Any]
    ) -> int:
        """Step through coroutines in one spare task until one takes it. Return the position of the next coroutine."""
        for now in range(position, len(entries)):
            i, coroutine = entry = entries[now]
            try:
                wait = step(coroutine)
            except StopIteration as stop:
                self._resolved(i, stop.value)
            except Exception as error:
                self._resolved(i, Failed(error))
            except BaseException:  # a cancellation or an interrupt out of a resolver ends the operation
                self._operation.end_spare()
                for _, coroutine in entries[now + 1 :]:
                    coroutine.close()
                raise
            else:
                if type(wait) is Load and i is not None and not spare.is_taken():
                    self._keep(wait.dispatch, (i, coroutine))
                    continue
                self._promote_to_task(spare, entry, wait)
                return now + 1
            if spare.is_taken():
                self._operation.end_spare()
                return now + 1
        return len(entries)

    def _resolved(self, i: int | None, value: Any) -> None:
        if i is not None:
            self._values[i] = value
            self._ready.append(i)
            if self._operation.stale_values:
                self._attach_path(i)

    def _keep(self, dispatch: Dispatch, entry: tuple[int, Resolver]) -> None:
        """Keep a coroutine without a task, to be resumed when its dispatch has been answered."""
        entries = self._loading.get(dispatch)
        if entries is None:
            self._loading[dispatch] = [entry]
        else:
            entries.append(entry)
        if self._operation.stale_values:
            self._attach_path(entry[0])

    def _attach_path(self, i: int) -> None:
        """Say for which position stale values were used since the last step: resolvers share the spare's context."""
        if self._operation.spare is not None:
            attach_path(self._operation.stale_values, self._operation.spare.where, self._path(i))

    def _path(self, i: int) -> Callable[[], list[str | int]]:
        return lambda: self.positions.path(i).as_list()  # most paths are never read

    def _promote_to_task(self, spare: SpareTask, entry: Entry, wait: Any) -> None:
        i, coroutine = entry
        self._operation.spare = None
        spare.promote(coroutine, wait, self._path(i or 0))
        if i is None:
            self._operation.abandon(spare.task)
        else:
            self._tasks[spare.task] = i
            spare.task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        self._ended.append(task)
        self._wake()

    def _wake(self) -> None:
        if self._wait is not None:
            self._wait.wake()

    def _collect(self) -> None:
        """Take the results of tasks that have ended."""
        ended, self._ended = self._ended, []
        for task in ended:
            i = self._tasks.pop(task, None)
            if i is None:
                continue
            error = task.exception()  # raises if the resolver raised a cancellation: that ends the operation
            if error is not None and not isinstance(error, Exception):
                raise error
            self._resolved(i, task.result() if error is None else Failed(error))


def _cancel(coroutine: Resolver) -> Any:
    """Cancel a coroutine where it waits. Return what it waits for then, if it cleans up first."""
    try:
        return coroutine.throw(asyncio.CancelledError())
    except asyncio.CancelledError:
        raise StopIteration from None


def _coroutine(awaitable: Any) -> Resolver:
    return awaitable if type(awaitable) in (CoroutineType, GeneratorType) else _await(awaitable)


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
