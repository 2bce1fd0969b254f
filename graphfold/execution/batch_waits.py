"""The loads of a link: those of a whole level are one wait, which ends when nobody is left who wants them, or when the
operation's time is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextvars import Context
from typing import Any

from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.response_positions import Positions
from graphfold.loading.load import Dispatch, Loader, dispatched_results

__all__ = ["AllNulled", "FirstDone", "LevelLoads"]

Callback = Callable[[Any], object]


class FirstDone:
    """Awaited by one task until one of the futures is done, or until `ring`.

    The futures belong to others as well: cancelling the task does not cancel them.
    """

    __slots__ = ("_asyncio_future_blocking", "_callbacks", "_cancelled", "_futures", "_loop", "_rung")

    def __init__(self, loop: asyncio.AbstractEventLoop, futures: Sequence[asyncio.Future[Any]]) -> None:
        self._loop, self._futures = loop, futures
        self._callbacks: list[tuple[Callback, Context | None]] = []
        self._cancelled = self._rung = self._asyncio_future_blocking = False

    def __await__(self) -> Generator[Any]:
        if not self.done():
            self._asyncio_future_blocking = True
            yield self
        self.result()

    def ring(self) -> None:
        if not self.done():
            self._rung = True
            self._call_soon()

    # The future protocol, for the task that waits.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def done(self) -> bool:
        return self._cancelled or self._rung or any(future.done() for future in self._futures)

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
        """A future is done, and the loop says so: the waiter goes on in the same turn."""
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
    """Awaits the answers for the values of a place. Raises `AllNulled`."""

    def __init__(self, errors: FieldErrors, positions: Positions, loader: Loader[Any], keys: list[Any]) -> None:
        self.positions, self._errors, self._loader, self._keys = positions, errors, loader, keys
        self._bell: FirstDone | None = None
        self._unwanted = self._late = False

    def __await__(self) -> Generator[Any, Any, list[Any]]:
        dispatches = self._loader.enqueue(self._keys)
        self._errors.watch(self)
        try:
            for dispatch in set(dispatches.values()):
                yield from self._landing(dispatch)
        finally:
            self._errors.unwatch(self)
        if self._unwanted:
            raise AllNulled
        return self._loader.available_results(self._keys) if self._late else dispatched_results(dispatches, self._keys)

    def _landing(self, dispatch: Dispatch) -> Generator[Any]:
        while dispatch.results is None and not (self._unwanted or self._late):
            assert dispatch.done is not None
            self._bell = FirstDone(asyncio.get_running_loop(), [dispatch.done])
            yield from self._bell.__await__()

    def drop(self, gone: Callable[[int], bool]) -> None:
        if all(map(gone, range(len(self._keys)))):
            self._unwanted = True
            self._ring()

    def expire(self) -> None:
        self._late = True
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.ring()
