"""Wait for batches: for the first of several dispatches, or for the loads of a link, a whole level in one wait.

A plain `asyncio.wait` costs a future, a callback and a turn of the loop for each wait. `FirstDone` is the future that a
task waits for and the callback of the dispatches in one, and resumes its task in the turn in which the first is done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextvars import Context
from typing import Any

from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.response_positions import Positions
from graphfold.loading.load import Loader, dispatched_results

__all__ = ["AllNulled", "FirstDone", "LevelLoads"]

Callback = Callable[[Any], object]


class FirstDone:
    """Awaited by one task until one of the futures is done, or until `wake`.

    The futures have other waiters: cancelling the task does not cancel them.
    """

    __slots__ = ("_asyncio_future_blocking", "_callbacks", "_cancelled", "_futures", "_loop", "_woken")

    def __init__(self, loop: asyncio.AbstractEventLoop, futures: Sequence[asyncio.Future[Any]]) -> None:
        self._loop, self._futures = loop, futures
        self._callbacks: list[tuple[Callback, Context | None]] = []
        self._cancelled = self._woken = self._asyncio_future_blocking = False

    def __await__(self) -> Generator[Any]:
        if not self.done():
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def wake(self) -> None:
        if not self.done():
            self._woken = True
            self._call_soon()

    # The part of the future protocol that asyncio.Task uses for what it waits for.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def done(self) -> bool:
        return self._cancelled or self._woken or any(future.done() for future in self._futures)

    def result(self) -> None:
        if self._cancelled:
            raise asyncio.CancelledError

    def cancel(self, msg: object = None) -> bool:
        if self.done():
            return False
        self._cancelled = True
        self._call_soon()
        return True

    def add_done_callback(self, function: Callback, *, context: Context | None = None) -> None:
        self._callbacks.append((function, context))
        if self.done():
            self._call_soon()
            return
        for future in self._futures:
            future.add_done_callback(self._call_now, context=context)

    def _call_now(self, _: object) -> None:
        # The loop calls this when a future is done; resuming the task here saves it a turn.
        callbacks, self._callbacks = self._callbacks, []
        for function, _context in callbacks:
            function(self)

    def _call_soon(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for function, context in callbacks:
            self._loop.call_soon(function, self, context=context)


class AllNulled(Exception):
    """Errors have nulled every position that waited."""


class LevelLoads:
    """Enqueues the keys of a level at once; awaiting it returns their results.

    Raises `AllNulled` if no position needs the results any more. When the operation's deadline passes, keys without a
    result have failed.
    """

    def __init__(self, errors: FieldErrors, positions: Positions, loader: Loader[Any], keys: list[Any]) -> None:
        self.positions, self._errors, self._loader, self._keys = positions, errors, loader, keys
        self._dispatches = loader.enqueue(keys)
        self._wait: FirstDone | None = None
        self._nulled = self._expired = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        dispatches = self._dispatches
        self._errors.watch(self)
        try:
            for dispatch in set(dispatches.values()):
                while dispatch.results is None and not (self._nulled or self._expired):
                    assert dispatch.done is not None
                    self._wait = FirstDone(asyncio.get_running_loop(), [dispatch.done])
                    yield from self._wait.__await__()
        finally:
            self._errors.unwatch(self)
        if self._nulled:
            raise AllNulled
        return (
            self._loader.available_results(self._keys) if self._expired else dispatched_results(dispatches, self._keys)
        )

    def drop(self, is_nulled: Callable[[int], bool]) -> None:
        """Stop waiting if all positions are nulled. The load itself goes on: others may wait for it."""
        if all(map(is_nulled, range(len(self._keys)))):
            self._nulled = True
            self._wake()

    def expire(self) -> None:
        """Stop waiting, because the operation's time is over."""
        self._expired = True
        self._wake()

    def _wake(self) -> None:
        if self._wait is not None:
            self._wait.wake()
