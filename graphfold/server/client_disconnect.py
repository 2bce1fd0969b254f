"""Cancels the work on a request when its client disconnects.

ASGI reports a disconnect as a message, so something has to wait in `receive` while the work runs. A task for that costs
as much as a small answer, hence it is started only once the work has taken `WATCH_AFTER`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from graphfold.server.requests import Receive

__all__ = ["ClientDisconnected", "cancel_on_disconnect"]

T = TypeVar("T")

WATCH_AFTER = 0.02
"""Seconds before a task waits for the disconnect: most answers are sent by then."""


class ClientDisconnected(Exception):
    """The client has closed its connection before the response was sent."""


class _DisconnectWatch:
    def __init__(self, receive: Receive) -> None:
        self.disconnected = False
        self._receive = receive
        self._working = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER, self._start)

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.disconnected = True
        if self._working is not None:
            self._working.cancel()

    def end(self) -> None:
        self._timer.cancel()
        # The task refers to this watch. Dropping the reference leaves no cycle for the garbage collector.
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    def uncancel(self) -> None:
        """Take back the cancellation made here, so that the server's task does not count as cancelled."""
        if self._working is not None:
            self._working.uncancel()


async def cancel_on_disconnect(receive: Receive, work: Awaitable[T]) -> T:
    """Return the result of the work. If the client disconnects first, cancel it and raise `ClientDisconnected`.

    The request's body must have been read: from here on `receive` only reports the disconnect.
    """
    watch = _DisconnectWatch(receive)
    try:
        return await work
    except BaseException:  # CancelledError, or whatever the work has made of it
        if not watch.disconnected:
            raise
        watch.uncancel()
        raise ClientDisconnected from None
    finally:
        watch.end()
