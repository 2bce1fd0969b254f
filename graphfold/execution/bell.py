"""Waits for one of several futures, and costs no turn of the loop between the future and the waiter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextvars import Context
from typing import Any

__all__ = ["Bell"]

Callback = Callable[[Any], object]


class Bell:
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
