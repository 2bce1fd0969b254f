"""What one run of an operation owns and ends: its errors, its spare task, and tasks that nobody waits for any more."""

from __future__ import annotations

import asyncio
from typing import Any

from graphfold.execution.errors import Errors
from graphfold.execution.spare import Spare

__all__ = ["Owner"]


class Owner:
    def __init__(self, errors: Errors) -> None:
        self.errors = errors
        self.spare: Spare | None = None
        self._leaving: set[asyncio.Task[Any]] = set()

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
        """No task of this operation is left."""
        self.lose_spare()
        while self._leaving:
            await asyncio.wait(self._leaving)
