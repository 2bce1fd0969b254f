"""An event loop on which waiting takes no time: when nothing is left to do but wait, its clock jumps ahead.

For code that talks to nobody outside of the process: real sockets and threads would come too late.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

__all__ = ["run"]

T = TypeVar("T")


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What `work` gives, on a loop of its own."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work())


class _Selector(selectors.DefaultSelector):
    """Never waits for a time, only (without one) for what other threads do."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0 if timeout is not None else None)
        if timeout and not ready:
            self.skipped += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._selector_of_ours = _Selector()
        super().__init__(self._selector_of_ours)

    def time(self) -> float:
        return super().time() + self._selector_of_ours.skipped
