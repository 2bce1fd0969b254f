"""How many operations run at once: the excess hears at once that it has to come back."""

from __future__ import annotations

import asyncio
import time
from collections import deque

import structlog

from graphfold.server.requests import Refused

__all__ = ["BEHIND", "FEW", "LATE", "Admission"]

_log = structlog.get_logger("graphfold.overload")

BEHIND = "The gateway is behind with its work and takes no more operations for now."

FEW = 32
"""So many operations are never too much. Beyond them no more than so many begin between two looks: whether those were
too many shows at the second."""

LATE = 0.1
"""Seconds by which the event loop may be late for a look. An operation waits for some ten of its turns."""

EVERY = 0.005
"""Seconds between two looks, while there are more than a few operations."""


class Admission:
    """`most` operations at once, each inside `async with`; one more is refused before it runs, by POST before it is
    parsed. So is any while the gateway is `behind`: where the processor is what is short, more at once only make all
    of them late.

    In a queue the excess would keep its memory, and be answered when its client has left. Who waits for an equal
    question of somebody else, or is told a kept answer, is not counted: that is nearly free.
    """

    __slots__ = ("_begun", "_due", "_line", "_most", "_running", "_told", "_turned_away", "behind")

    def __init__(self, most: int) -> None:
        self._most, self._running, self._begun = most, 0, 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._due: float | None = None
        self._told, self._turned_away = 0.0, 0
        self.behind = False

    async def __aenter__(self) -> None:
        if self._running + len(self._line) >= self._most:
            told = f"The gateway has {self._most:,} operations to answer and takes no more (GRAPHFOLD_MAX_OPERATIONS)."
            raise Refused(503, told, code="OVERLOADED", retry_after=1)
        if self.behind:
            raise _behind()
        if self._running >= FEW:
            await self._turn()
        self._running += 1

    async def __aexit__(self, *_: object) -> None:
        self._running -= 1

    def turned_away(self) -> None:
        """Somebody was, in the name of this. Told together: a line for each would be work, too."""
        self._turned_away += 1

    async def _turn(self) -> None:
        """At the next look, where enough have begun since the last. Raises `Refused` where the loop is late then."""
        if self._due is None:
            self._look_again(time.monotonic())
        if self._begun >= FEW or self._line:
            turn = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            await turn
        self._begun += 1

    def _look_again(self, now: float) -> None:
        self._due = now + EVERY
        asyncio.get_running_loop().call_later(EVERY, self._look)

    def _look(self) -> None:
        assert self._due is not None
        now = time.monotonic()
        many = self._running >= FEW
        self.behind = many and now - self._due > LATE
        self._begun = 0
        for _ in range(len(self._line) if self.behind else FEW):
            self._let_in()
        self._tell(now, at_once=not many)
        if many or self._line:
            self._look_again(now)
        else:
            self._due = None

    def _let_in(self) -> None:
        """The first in line that still waits; while the gateway is behind nobody is let in."""
        while self._line and (turn := self._line.popleft()):
            if not turn.done():
                turn.set_exception(_behind()) if self.behind else turn.set_result(None)
                return

    def _tell(self, now: float, *, at_once: bool) -> None:
        if self._turned_away and (at_once or now - self._told >= 1):
            _log.warning("overloaded", refused=self._turned_away, running=self._running)
            self._told, self._turned_away = now, 0


def _behind() -> Refused:
    return Refused(503, BEHIND, code="OVERLOADED", retry_after=1)
