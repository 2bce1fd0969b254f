"""Drives the resolvers of a whole level: each to its first wait, without a task or future for those that only load.

A resolver that waits for a `Load` waits in a plain list, and its wave wakes all of them together. One that waits for
anything else becomes a task of its own. In both cases nothing in it can tell that it did not run in a task from the
start (see `spare`).
"""

from __future__ import annotations

import asyncio
import weakref
from asyncio.tasks import _enter_task, _leave_task  # documented for task implementations: "Extending asyncio"
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from sys import getrefcount
from typing import Any

from graphfold.execution.spare import Resumed, Spare
from graphfold.loading.answer import Failed
from graphfold.loading.load import Load, Wave, landing

__all__ = ["Drive", "Owner"]

Entry = tuple[int, Coroutine[Any, Any, Any]]


class Owner:
    """Who drives: an operation. It keeps one spare task from wave to wave and ends it."""

    spare: Spare | None = None

    def lose_spare(self) -> None:
        if self.spare is not None:
            self.spare.end()
            self.spare = None


class Drive:
    """Runs the awaitables at `indexes` of `values`; each is replaced by its value or a `Failed`."""

    def __init__(self, values: list[Any], indexes: list[int], owner: Owner) -> None:
        self.values, self._owner, self._loop = values, owner, asyncio.get_running_loop()
        self.waiting: dict[Wave, list[Entry]] = {}
        self.tasks: dict[asyncio.Task[Any], int | None] = {}
        self.done: list[int] = []
        self.indexes = set(indexes)
        self._alarm: asyncio.Future[None] | None = None
        self._send([(i, _coroutine(values[i])) for i in indexes])

    @property
    def running(self) -> bool:
        return bool(self.waiting or self.tasks)

    def take_done(self) -> list[int]:
        """Those that came ready without any wait."""
        done, self.done = self.done, []
        return done

    async def ready(self) -> list[int]:
        """The indexes that have come ready since the last call; empty when there are no more."""
        while not self.done and self.running:
            await self._sleep()
            for wave in [wave for wave in self.waiting if wave.results is not None]:
                self._send(self.waiting.pop(wave))
            self._collect()
        return self.take_done()

    def drop(self, gone: Callable[[int], bool]) -> None:
        """Cancel what runs for positions that no longer exist; it is not waited for and reports nothing."""
        for task, i in list(self.tasks.items()):
            if i is not None and gone(i):
                del self.tasks[task]
                task.cancel()
                self._wake()
        for wave, entries in list(self.waiting.items()):
            dropped = [coroutine for i, coroutine in entries if gone(i)]
            if dropped:
                self.waiting[wave] = [entry for entry in entries if not gone(entry[0])]
                for coroutine in dropped:
                    coroutine.close()

    def _send(self, work: list[Entry]) -> None:
        """Send each coroutine to its next wait, as if in a task of its own."""
        loop, me, owner = self._loop, asyncio.current_task(), self._owner
        if owner.spare is not None and owner.spare.before != copy_context():
            owner.lose_spare()
        if me is not None:
            _leave_task(loop, me)
        at = 0
        try:
            while at < len(work):
                spare = owner.spare = owner.spare or Spare(loop)
                _enter_task(loop, spare.task)
                try:
                    at = spare.context.run(self._turns, spare, work, at)
                finally:
                    _leave_task(loop, spare.task)
        except BaseException:  # a cancellation or an interrupt out of a resolver ends the operation
            self._abandon(work[at:])
            raise
        finally:
            if me is not None:
                _enter_task(loop, me)

    def _turns(self, spare: Spare, work: list[Entry], at: int) -> int:
        """Run coroutines under one spare until it is taken; the position to go on from under another."""
        values, waiting, done = self.values, self.waiting, self.done
        task, context, before, weakly = spare.task, spare.context, spare.before, weakref.getweakrefcount
        cancelling = task.cancelling
        references, weak = getrefcount(task), weakly(task)
        for now in range(at, len(work)):
            entry = work[now]
            i, coroutine = entry
            try:
                wait = coroutine.send(None)
            except StopIteration as stop:
                values[i] = stop.value
                done.append(i)
                wait = None
            except Exception as error:
                values[i] = Failed(error)
                done.append(i)
                wait = None
            else:
                untouched = (
                    getrefcount(task) == references and context == before and weakly(task) == weak and not cancelling()
                )
                if type(wait) is Load and untouched:
                    waiting.setdefault(wait.wave, []).append(entry)
                    continue
                spare.give(coroutine, wait)
                self.tasks[task] = i
                self._owner.spare = None
                return now + 1
            if getrefcount(task) != references or context != before or weakly(task) != weak or cancelling():
                self._owner.lose_spare()
                return now + 1
        return len(work)

    def _collect(self) -> None:
        for task in [task for task in self.tasks if task.done()]:
            i = self.tasks.pop(task)
            if i is None:
                continue
            if task.cancelled():
                task.result()  # a resolver that cancels itself ends the operation, as it would end its task
            error = task.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            self.values[i] = task.result() if error is None else Failed(error)
            self.done.append(i)

    async def _sleep(self) -> None:
        try:
            if len(self.waiting) == 1 and not self.tasks:
                wave = next(iter(self.waiting))
                if wave.results is None:
                    await landing(wave)
            else:
                await self._any()
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def _any(self) -> None:
        if any(wave.results is not None for wave in self.waiting):
            return
        self._alarm = self._loop.create_future()
        waves = [wave.done for wave in self.waiting if wave.done is not None]
        await asyncio.wait([self._alarm, *waves, *self.tasks], return_when=asyncio.FIRST_COMPLETED)

    def _wake(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)

    def _abandon(self, work: list[Entry]) -> None:
        for _, coroutine in work:
            coroutine.close()
        for task in self.tasks:
            task.cancel()

    async def stop(self) -> None:
        """Cancelled: everything under way ends, its finally blocks run, before we do."""
        for task in self.tasks:
            task.cancel()
        for entries in self.waiting.values():
            for _, coroutine in entries:
                self._cancel(coroutine)
        self.waiting.clear()
        if self.tasks:
            await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    def _cancel(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            wait = coroutine.throw(asyncio.CancelledError())
        except BaseException:
            return
        self.tasks[self._loop.create_task(_finished(coroutine, wait))] = None


def _coroutine(awaitable: Any) -> Coroutine[Any, Any, Any]:
    return awaitable if hasattr(awaitable, "send") else _awaited(awaitable)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _finished(coroutine: Coroutine[Any, Any, Any], wait: Any) -> Any:
    return await Resumed(coroutine, wait)
