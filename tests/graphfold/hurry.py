"""An event loop that never waits for time to pass: when nothing else is left to do, its clock jumps to what is due."""

import asyncio
import selectors
from typing import Any


class _Jumping(selectors.DefaultSelector):
    jumped = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(None if timeout is None else 0)
        if timeout and not ready:
            self.jumped += timeout
        return ready


class Hurry(asyncio.SelectorEventLoop):
    """`anyio_backend` may return `("asyncio", {"loop_factory": Hurry})`. Only for tests without sockets and threads."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return super().time() + self._jumping.jumped
