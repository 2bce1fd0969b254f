"""Lend one task to many resolvers, for as long as none of them looks at it.

A resolver that only loads needs no task. But code before its first wait may ask for the current task
(`asyncio.timeout`, task groups, anyio's cancel scopes) or set a context variable, and must not find the operation's.
So while a resolver runs, a real task that has not started yet is the current one, with a context of its own:

    resolver A  runs to a load, did not look    -> waits in a list; the spare task serves the next resolver
    resolver B  called asyncio.current_task()   -> the spare task becomes B's task; a new one is made for resolver C
    resolver C  changed its context             -> likewise, with the context as C left it
    resolver D  waits for something else        -> likewise

A task takes over a resolver in mid-run: its coroutine was sent to its first `yield` before the task was made, and goes
on by yielding what the resolver waits for (`StartedCoroutine`).

Whether a resolver looked is known from asyncio's table of current tasks, a dict keyed by loop. The spare task is
entered there under a `LoopKey`, an object that equals the loop: finding the loop's entry calls its `__eq__`, which
notes it. This is exact (whether the task is kept, or how long, does not matter), costs nothing until somebody looks,
and does not depend on reference counts, which free-threaded and other interpreters keep differently or not at all. A
task object for each resolver, initialised on first use, would do without the table, but cost some 0.5 us a resolver
more. Where the current task is not in such a table (CPython 3.14 and later keep it in the thread's state), `OBSERVABLE`
is False: every resolver then gets a task of its own, which is slower and always right.

A spare task is in `asyncio.all_tasks()`. A resolver that takes it from there, without looking for its current task, may
find that it has become the task of another resolver of the same operation.
"""

from __future__ import annotations

import asyncio
from asyncio.tasks import _enter_task, _leave_task  # documented for task implementations: "Extending asyncio"
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from typing import Any, Final

from graphfold.loading.stale_values import ResolverPath, resolver_path

__all__ = ["OBSERVABLE", "SpareTask", "StartedCoroutine"]


class StartedCoroutine:
    """Awaitable for a coroutine that was already sent to its first wait, where it yielded `wait`."""

    __slots__ = ("_coroutine", "_wait")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], wait: Any) -> None:
        self._coroutine, self._wait = coroutine, wait

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, wait = self._coroutine, self._wait
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


class LoopKey:
    """Key that equals a loop in asyncio's table of current tasks, and notes when the loop's entry is looked up."""

    __slots__ = ("_loop", "looked_up")

    def __init__(self, loop: object) -> None:
        self._loop = loop
        self.looked_up = False

    def __hash__(self) -> int:
        return hash(self._loop)

    def __eq__(self, other: object) -> bool:
        if other is self._loop:
            self.looked_up = True
            return True
        return other is self


def _is_observable() -> bool:
    """Return whether looking up the current task is noted, by trying it for a loop that does not exist."""
    loop: Any = object()
    key: Any = LoopKey(loop)
    task: Any = object()
    try:
        _enter_task(key, task)
        try:
            return asyncio.current_task(loop) is task and key.looked_up
        finally:
            _leave_task(key, task)
    except Exception:  # this asyncio takes running loops only, or has no such table
        return False


OBSERVABLE: Final = _is_observable()
"""Whether resolvers can share a task in this interpreter."""


class SpareTask:
    """A task that waits until it is given a coroutine that has started, or is ended unused."""

    __slots__ = (
        "_entry",
        "_key",
        "_loop",
        "_parked",
        "_started",
        "_unchanged",
        "context",
        "outer_context",
        "task",
        "where",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.outer_context = copy_context()
        self.context = self.outer_context.copy()
        self.where = ResolverPath()
        self.context.run(resolver_path.set, self.where)
        self._unchanged = self.context.copy()
        self._key = LoopKey(loop)
        self._key.looked_up = not OBSERVABLE
        self._entry: Any = self._key if OBSERVABLE else loop
        self._started: tuple[Coroutine[Any, Any, Any], Any] | None = None
        self._loop = loop
        self._parked: asyncio.Future[None] | None = None
        run = self._run()
        run.send(None)  # to its first yield: from there an early cancel() reaches the resolver and not this coroutine
        self.task: asyncio.Task[Any] = asyncio.Task(run, loop=loop, context=self.context)

    def enter(self) -> None:
        """Make this the loop's current task. There must be none."""
        _enter_task(self._entry, self.task)

    def leave(self) -> None:
        _leave_task(self._entry, self.task)

    def is_taken(self) -> bool:
        """Return whether the resolver that ran last looked at its task, cancelled it or changed its context."""
        # Comparing contexts is a comparison of two pointers as long as no variable was set.
        return self._key.looked_up or self.context != self._unchanged or self.task.cancelling() > 0

    def promote(self, coroutine: Coroutine[Any, Any, Any], wait: Any, path: Callable[[], list[str | int]]) -> None:
        """Become the task of a resolver for the value at this path, whose coroutine waits for `wait`."""
        self._started = coroutine, wait
        self.where.path = path
        self.end()

    def end(self) -> None:
        """Let the task go on: with the resolver that it was given, or to its end."""
        if self._parked is None:
            self._parked = self._loop.create_future()
        if not self._parked.done():
            self._parked.set_result(None)

    async def _run(self) -> Any:
        error = await _next_turn()
        if self._started is None and error is None:
            error = await self._park()
        if self._started is None:
            return None
        coroutine, wait = self._started
        self._started = None
        try:
            if error is not None:
                wait = coroutine.throw(error)
            elif wait is None:  # sleep(0): its turn has come
                wait = coroutine.send(None)
        except StopIteration as stop:
            return stop.value
        return await StartedCoroutine(coroutine, wait)

    async def _park(self) -> BaseException | None:
        """Wait until there is something to do. Return the cancellation that came first, for the resolver."""
        if self._parked is None:
            self._parked = self._loop.create_future()
        try:
            await self._parked
        except asyncio.CancelledError as cancelled:
            return cancelled
        return None


class _next_turn:  # noqa: N801  # awaited like a function
    """Awaitable for the loop's next turn. It returns what is thrown in meanwhile."""

    def __await__(self) -> Generator[None, None, BaseException | None]:
        try:
            yield
        except BaseException as error:
            return error
        return None
