"""How many operations run at once: the excess hears at once that it has to come back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from graphfold.server.requests import Refused

__all__ = ["BEHIND", "FEW", "LATE", "Admission"]

_log = structlog.get_logger("graphfold.overload")

BEHIND = "The gateway is behind with its work and takes no more operations for now."

FEW = 32
"""So many operations are never too much: one that is large makes the loop late, too."""

MORE = 8
"""Beyond them so many begin between two looks: whether those were too many shows at the second."""

EVERY = 0.002
"""Seconds between two looks, while there are more than a few operations."""

LATE = 0.1
"""Seconds by which the event loop may be late for a look, and for the one before. An operation waits for some ten of
its turns; once is chance: a reply that is large.
"""

LINE = 128
"""So many may wait to begin: what comes at once. When they were, nobody joins them until half of them have begun."""


class Admission:
    """`most` operations at once, each inside `async with`; one more is refused before it runs, by POST before it is
    parsed. So is any while the gateway is `behind`: where the processor is what is short, more at once only make all
    of them late.

    In a longer line the excess would keep its memory, and be answered when its client has left. Who waits for an equal
    question of somebody else, or is told a kept answer, is not counted: that is nearly free.
    """

    __slots__ = (
        "_begun",
        "_due",
        "_full",
        "_late",
        "_line",
        "_most",
        "_running",
        "_timer",
        "_told",
        "_turned_away",
        "_was_late",
    )

    def __init__(self, most: int, timer: Callable[[], float]) -> None:
        self._most, self._timer, self._running, self._begun = most, timer, 0, 0
        self._line: deque[asyncio.Future[None]] = deque()
        self._due: float | None = None
        self._told, self._turned_away = 0.0, 0
        self._late = self._full = self._was_late = False

    @property
    def behind(self) -> bool:
        """Whether it has more to do than it can: then it takes nothing more."""
        return self._late or self._full

    async def __aenter__(self) -> float:
        """The seconds that it waited to begin."""
        if self._running + len(self._line) >= self._most:
            told = f"The gateway has {self._most:,} operations to answer and takes no more (GRAPHFOLD_MAX_OPERATIONS)."
            raise Refused(503, told, code="OVERLOADED", retry_after=1)
        if self.behind:
            raise Refused(503, BEHIND, code="OVERLOADED", retry_after=1)
        waited = await self._turn() if self._running >= FEW or self._line else 0.0
        self._running += 1
        return waited

    async def __aexit__(self, *_: object) -> None:
        self._running -= 1

    def turned_away(self) -> None:
        """Somebody was, in the name of this. Told together: a line for each would be work, too."""
        self._turned_away += 1

    async def _turn(self) -> float:
        """At a look that is not late, where enough have begun since the last. Gives the seconds until then."""
        came = self._timer()
        if self._due is None:
            self._look_again(came)
        if self._begun >= MORE or self._line:
            turn = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            self._full = self._full or len(self._line) >= LINE
            await turn
        self._begun += 1
        return self._timer() - came

    def _look_again(self, now: float) -> None:
        self._due = now + EVERY
        asyncio.get_running_loop().call_later(EVERY, self._look)

    def _look(self) -> None:
        assert self._due is not None
        now = self._timer()
        many = self._running >= FEW
        late = many and now - self._due > LATE
        self._late, self._was_late = late and self._was_late, late
        self._begun = 0
        if not self._late:
            self._let_in()
        self._full = self._full and len(self._line) > LINE // 2
        self._tell(now, at_once=not many)
        if many or self._line:
            self._look_again(now)
        else:
            self._due = None

    def _let_in(self) -> None:
        """The first in line that still wait."""
        for _ in range(MORE):
            while self._line and (turn := self._line.popleft()):
                if not turn.done():
                    turn.set_result(None)
                    break

    def _tell(self, now: float, *, at_once: bool) -> None:
        if self._turned_away and (at_once or now - self._told >= 1):
            _log.warning("overloaded", refused=self._turned_away, running=self._running)
            self._told, self._turned_away = now, 0
