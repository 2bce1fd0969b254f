"""Faults that come and go at random, the same ones for the same seed; and a record of which backend had one when."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping

from graphfold.testing import Blackhole, Cut, Delay, Drip, Fault, FaultProxy, HalfClose, Refuse, Reset, Stale

__all__ = ["Weather"]

FAULTS: list[Fault] = [
    Blackhole(),
    Cut(),
    Cut(90),
    Delay(0.3),
    Delay(8),
    Drip(0.05),
    HalfClose(40),
    Refuse(),
    Reset(),
    Reset(90),
    Stale(),
]

AFTER = 8.0
"""Seconds after a fault in which its backend may still fail: an open circuit stays so for five and then is probed."""


class Weather:
    """A `storm` over the `victims` lasts as long as it is told; at its end all is well again."""

    def __init__(self, proxies: Mapping[str, FaultProxy], seed: int) -> None:
        self._proxies, self._random = proxies, random.Random(seed)
        self._spells: list[tuple[str, float, float]] = []
        self._turns = sorted(proxies)
        self._random.shuffle(self._turns)
        self.victims = frozenset[str]()
        self.faults = 0

    def turn(self, many: int) -> None:
        """So many other backends are the next to suffer; each has its turn."""
        chosen, self._turns = self._turns[:many], [*self._turns[many:], *self._turns[:many]]
        self.victims = frozenset(chosen)

    async def storm(self, seconds: float) -> None:
        """Over each victim on its own."""
        async with asyncio.TaskGroup() as fronts:
            for name in sorted(self.victims):
                fronts.create_task(self._front(name, seconds))

    def troubled(self, backends: Iterable[str], start: float, end: float) -> bool:
        """Whether one of them had a fault between these times of the loop, or shortly before."""
        names = set(backends)
        return any(name in names and began <= end and over + AFTER >= start for name, began, over in self._spells)

    async def _front(self, name: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await self._spell(name, self._random.choice(FAULTS), min(self._random.uniform(0.3, 2), left))
            await asyncio.sleep(min(self._random.uniform(0, 1), max(end - loop.time(), 0)))

    async def _spell(self, name: str, fault: Fault, seconds: float) -> None:
        loop, place = asyncio.get_running_loop(), len(self._spells)
        self._spells.append((name, loop.time(), float("inf")))
        self.faults += 1
        try:
            await self._proxies[name].inject(fault)
            await asyncio.sleep(seconds)
        finally:
            await self._proxies[name].heal()
            self._spells[place] = (name, self._spells[place][1], loop.time())
