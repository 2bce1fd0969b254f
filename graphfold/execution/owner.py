"""What one run of an operation owns and ends: its errors, its spare task, and tasks that nobody waits for any more."""

from __future__ import annotations

import asyncio
from typing import Any

from graphfold.deadline import current_deadline, wait_for_cancelled
from graphfold.execution.errors import Errors
from graphfold.execution.spare import Spare
from graphfold.loading.staleness import Outdated

__all__ = ["Owner"]


class Owner:
    """`outdated` is told of what its resolvers loaded that was stale."""

    def __init__(self, errors: Errors, outdated: list[Outdated]) -> None:
        self.errors, self.outdated = errors, outdated
        self.spare: Spare | None = None
        self._deadline = current_deadline()
        self._leaving: set[asyncio.Task[Any]] = set()

    @property
    def is_over(self) -> bool:
        """Is the operation's time over?"""
        return self._deadline is not None and self._deadline.remaining() <= 0

    def wait(self) -> None:
        """From here on it waits for others: no longer than its deadline."""
        if self._deadline is not None:
            self._deadline.on_expiry(self.errors.expire)

    def lose_spare(self) -> None:
        if self.spare is not None:
            self.spare.end()
            self.spare = None

    def leave(self, task: asyncio.Task[Any]) -> None:
        """Its outcome is wanted no more. It has been cancelled and may be cleaning up, which `ended` waits for."""
        if not task.done():
            self._leaving.add(task)
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[Any]) -> None:
        self._leaving.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain that nobody did

    async def ended(self) -> None:
        """No task of this operation is left, or its time is over."""
        self.lose_spare()
        while self._leaving:
            leaving, self._leaving = self._leaving, set()
            await wait_for_cancelled(leaving, self._deadline)
