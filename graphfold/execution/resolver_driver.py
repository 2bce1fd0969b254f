"""Drives the resolvers of a whole level: each to its first wait, without a task or future for those that only load.

A resolver that waits for a `Load` waits in a plain list, and its dispatch wakes all of them together. One that waits
for anything else becomes a task of its own. In both cases nothing in it can tell that it did not run in a task from the
start (see `spare`).
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
"""A coroutine and the index of its value; None where the value is wanted no more."""

NULLED: Final = object()
"""The value of a position that an error has nulled meanwhile."""

_send_on = methodcaller("send", None)


class ResolverDriver:
    """Runs the awaitables among the values of a place; each is replaced by its value, a `Failed`, or NULLED.

    Used as a context: left by an exception, everything that still runs is cancelled.
    """

    def __init__(self, owner: OperationTasks, positions: Positions, values: list[Any]) -> None:
        self.positions, self._owner, self._values = positions, owner, values
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Dispatch, list[tuple[int, Resolver]]] = {}
        self._tasks: dict[asyncio.Task[Any], int] = {}
        self._ended: list[asyncio.Task[Any]] = []
        self._done: list[int] = []
        self._bell: FirstDone | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._owner.errors.unwatch(self)
        if error is not None:
            self.drop(lambda _: True)

    def start(self, indexes: Iterable[int]) -> list[int]:
        """Send each to its first wait; the indexes of those that needed none."""
        self._send([(i, _coroutine(self._values[i])) for i in indexes], _send_on)
        self._owner.errors.watch(self)
        done, self._done = self._done, []
        return done

    @property
    def running(self) -> bool:
        return bool(self._waiting or self._tasks)

    async def ready(self) -> list[int]:
        """The indexes that have come ready since the last call; empty when there are no more."""
        while not self._done and self.running:
            await self._change()
            for dispatch in [dispatch for dispatch in self._waiting if dispatch.results is not None]:
                self._send(self._waiting.pop(dispatch), _send_on)
            self._collect()
        done, self._done = self._done, []
        return done

    async def _change(self) -> None:
        if not self._ended:
            self._bell = FirstDone(
                self._loop, [dispatch.done for dispatch in self._waiting if dispatch.done is not None]
            )
            await self._bell

    def drop(self, gone: Callable[[int], bool]) -> None:
        """Cancel what runs for positions that no longer exist."""
        for i in self._stop(gone):
            self._values[i] = NULLED

    def expire(self) -> None:
        """Cancel what runs: it is too late for it, whatever it does about that."""
        for i in self._stop(lambda _: True):
            self._resolved(i, Failed(deadline_exceeded()))

    def _stop(self, which: Callable[[int], bool]) -> list[int]:
        """The indexes of what has been cancelled. What it does to clean up belongs to the owner then."""
        tasks = {task: i for task, i in self._tasks.items() if which(i)}
        for task in tasks:
            del self._tasks[task]
            task.cancel()
            self._owner.leave(task)
        loads = [entry for entries in self._waiting.values() for entry in entries if which(entry[0])]
        left = {
            dispatch: [entry for entry in entries if not which(entry[0])] for dispatch, entries in self._waiting.items()
        }
        self._waiting = {dispatch: entries for dispatch, entries in left.items() if entries}
        self._send([(None, coroutine) for _, coroutine in loads], _cancel)
        self._ring()
        return [*tasks.values(), *(i for i, _ in loads)]

    def _send(self, work: Sequence[Entry], move: Callable[[Resolver], Any]) -> None:
        """Move each coroutine on to its next wait, as if in a task of its own."""
        loop, me, owner = self._loop, asyncio.current_task(self._loop), self._owner
        if owner.spare is not None and owner.spare.before != copy_context():
            owner.lose_spare()
        if me is not None:
            _leave_task(loop, me)
        at = 0
        try:
            while at < len(work):
                spare = owner.spare = owner.spare or SpareTask(loop)
                _enter_task(loop, spare.task)
                try:
                    at = spare.context.run(self._turns, spare, work, at, move)
                finally:
                    _leave_task(loop, spare.task)
        finally:
            if me is not None:
                _enter_task(loop, me)

    def _turns(self, spare: SpareTask, work: Sequence[Entry], at: int, move: Callable[[Resolver], Any]) -> int:
        """Move coroutines on under one spare until it is taken; the position to go on from under another."""
        spare.mark()
        for now in range(at, len(work)):
            i, coroutine = entry = work[now]
            try:
                wait = move(coroutine)
            except StopIteration as stop:
                self._resolved(i, stop.value)
            except Exception as error:
                self._resolved(i, Failed(error))
            except BaseException:  # a cancellation or an interrupt out of a resolver ends the operation
                self._owner.lose_spare()
                for _, coroutine in work[now + 1 :]:
                    coroutine.close()
                raise
            else:
                if type(wait) is Load and i is not None and not spare.is_taken():
                    self._wait(wait.dispatch, (i, coroutine))
                    continue
                self._promote_to_task(spare, entry, wait)
                return now + 1
            if spare.is_taken():
                self._owner.lose_spare()
                return now + 1
        return len(work)

    def _path(self, i: int) -> Callable[[], list[str | int]]:
        return lambda: self.positions.path(i).as_list()  # worked out if anybody wants to know

    def _resolved(self, i: int | None, value: Any) -> None:
        if i is not None:
            self._values[i] = value
            self._done.append(i)
            if self._owner.stale_values:
                self._attach_path(i)

    def _wait(self, dispatch: Dispatch, entry: tuple[int, Resolver]) -> None:
        """Without a task: its dispatch wakes it."""
        entries = self._waiting.get(dispatch)
        if entries is None:
            self._waiting[dispatch] = [entry]
        else:
            entries.append(entry)
        if self._owner.stale_values:
            self._attach_path(entry[0] or 0)

    def _attach_path(self, i: int) -> None:
        """What was told under the spare task since the last turn was told here."""
        if self._owner.spare is not None:
            attach_path(self._owner.stale_values, self._owner.spare.where, self._path(i))

    def _promote_to_task(self, spare: SpareTask, entry: Entry, wait: Any) -> None:
        """The spare becomes the task of this coroutine."""
        i, coroutine = entry
        self._owner.spare = None
        spare.give(coroutine, wait, self._path(i or 0))
        if i is None:
            self._owner.leave(spare.task)
        else:
            self._tasks[spare.task] = i
            spare.task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        self._ended.append(task)
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.ring()

    def _collect(self) -> None:
        ended, self._ended = self._ended, []
        for task in ended:
            i = self._tasks.pop(task, None)
            if i is None:
                continue
            error = task.exception()  # raises where it was cancelled: that ends the operation, as it would end its task
            if error is not None and not isinstance(error, Exception):
                raise error
            self._resolved(i, task.result() if error is None else Failed(error))


def _cancel(coroutine: Resolver) -> Any:
    """Cancel it where it waits; what it waits for now, if it cleans up first."""
    try:
        return coroutine.throw(asyncio.CancelledError())
    except asyncio.CancelledError:
        raise StopIteration from None


def _coroutine(awaitable: Any) -> Resolver:
    return awaitable if type(awaitable) in (CoroutineType, GeneratorType) else _awaited(awaitable)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
