"""A client that hangs up ends the work it asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from graphfold.server.requests import Receive

__all__ = ["ClientGone", "unless_gone"]

T = TypeVar("T")

PATIENCE = 0.02
"""Seconds before it is worth a task to listen for the client: most answers are out by then."""


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


class _Watch:
    def __init__(self, receive: Receive) -> None:
        self.gone = False
        self._receive = receive
        self._working = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self._start)

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        if self._working is not None:
            self._working.cancel()

    def end(self) -> None:
        self._timer.cancel()
        task, self._task = self._task, None  # which knows us: nothing is left for the garbage collector
        if task is not None:
            task.cancel()

    def forget_cancelling(self) -> None:
        """The cancellation was ours: whoever runs this task must not see it."""
        if self._working is not None:
            self._working.uncancel()


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """What the work comes to. Raises `ClientGone`, with the work cancelled, once the client has left.

    The request's body has to be read already: from here on `receive` tells only of the client's departure.
    """
    watch = _Watch(receive)
    try:
        return await work
    except BaseException:
        if not watch.gone:
            raise
        watch.forget_cancelling()
        raise ClientGone from None
    finally:
        watch.end()
