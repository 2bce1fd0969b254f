"""The spare task: what is the current task while a resolver runs that may never need a task of its own.

Code before a resolver's first wait may ask which task it runs in (`asyncio.timeout`, task groups, anyio) or set a
context variable. So a real task, not yet used, with a context of its own, is current meanwhile. If afterwards somebody
holds on to it, or its context was changed, it becomes that resolver's task; otherwise nobody can tell, and the next
resolver runs under the same one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from sys import getrefcount
from typing import Any
from weakref import getweakrefcount

from graphfold.loading.stale_values import ResolverPath, resolver_path

__all__ = ["SpareTask", "StartedCoroutine"]


class StartedCoroutine:
    """Awaits a coroutine that was already sent to its first wait, where it yielded `first`."""

    __slots__ = ("_coroutine", "_first")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], first: Any) -> None:
        self._coroutine, self._first = coroutine, first

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, wait = self._coroutine, self._first
        try:
            while True:
                try:
                    sent = yield wait
                except GeneratorExit:
                    coroutine.close()
                    raise
                except BaseException as error:
                    wait = coroutine.throw(error)
                else:
                    wait = coroutine.send(sent)
        except StopIteration as stop:
            return stop.value


class SpareTask:
    """Parks until it is given a coroutine that has begun, or is ended unused."""

    __slots__ = ("_given", "_loop", "_own", "_park", "_references", "_weak", "before", "context", "task", "where")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.before = copy_context()
        self.context = self.before.copy()
        self.where = ResolverPath()
        self.context.run(resolver_path.set, self.where)
        self._own = self.context.copy()
        self._given: tuple[Coroutine[Any, Any, Any], Any] | None = None
        self._loop = loop
        self._park: asyncio.Future[None] | None = None
        life = self._live()
        life.send(None)  # past its first yield: an early cancel() then reaches the resolver, not this wrapper
        self.task: asyncio.Task[Any] = asyncio.Task(life, loop=loop, context=self.context)

    def mark(self) -> None:
        """Remember how things are before a resolver runs."""
        self._references, self._weak = getrefcount(self.task), getweakrefcount(self.task)

    def is_taken(self) -> bool:
        """Has somebody kept the task, cancelled it or changed its context since the mark?"""
        task = self.task
        return (
            getrefcount(task) != self._references + 1  # the name here is one more
            or self.context != self._own
            or getweakrefcount(task) != self._weak
            or task.cancelling() > 0
        )

    def give(self, coroutine: Coroutine[Any, Any, Any], wait: Any, path: Callable[[], Any]) -> None:
        """This is the task of a coroutine that waits for `wait` now, and resolves what stands at this path."""
        self._given = coroutine, wait
        self.where.path = path
        self.end()

    def end(self) -> None:
        """Let it go on: with what it was given, or to its end."""
        if self._park is None:
            self._park = self._loop.create_future()
        if not self._park.done():
            self._park.set_result(None)

    async def _live(self) -> Any:
        error = await _turn()
        if self._given is None and error is None:
            error = await self._parked()
        if self._given is None:
            return None
        coroutine, wait = self._given
        self._given = None
        try:
            if error is not None:
                wait = coroutine.throw(error)
            elif wait is None:  # sleep(0): its turn has come
                wait = coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        return await StartedCoroutine(coroutine, wait)

    async def _parked(self) -> BaseException | None:
        if self._park is None:
            self._park = self._loop.create_future()
        try:
            await self._park
        except asyncio.CancelledError as cancelled:
            return cancelled
        return None


class _turn:  # noqa: N801  # awaited like a function
    """One turn of the loop; what is thrown in meanwhile is returned."""

    def __await__(self) -> Generator[None, None, BaseException | None]:
        try:
            yield
        except BaseException as error:
            return error
        return None
