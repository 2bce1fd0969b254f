"""Random faults, the same for the same seed, with a record of which backend had one when."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping

from graphfold.testing import Blackhole, Cut, Delay, Drip, Fault, FaultProxy, HalfClose, Refuse, Reset, Stale

__all__ = ["FaultSchedule"]

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
"""Seconds after a fault in which its backend may still fail: a circuit stays open for five, then sends a probe."""


class FaultSchedule:
    """Imposes faults on the `victims`, and on no other backend; after a `run` all proxies are healed."""

    def __init__(self, proxies: Mapping[str, FaultProxy], seed: int) -> None:
        self._proxies, self._random = proxies, random.Random(seed)
        self._imposed: list[tuple[str, float, float]] = []
        self._order = sorted(proxies)
        self._random.shuffle(self._order)
        self.victims = frozenset[str]()
        self.faults = 0

    def choose_victims(self, many: int) -> None:
        """Choose the next backends to have faults, in a fixed order, so that each has its turn."""
        chosen, self._order = self._order[:many], [*self._order[many:], *self._order[:many]]
        self.victims = frozenset(chosen)

    async def run(self, seconds: float) -> None:
        """Impose faults on each victim independently."""
        async with asyncio.TaskGroup() as group:
            for name in sorted(self.victims):
                group.create_task(self._impose_many(name, seconds))

    def had_fault(self, backends: Iterable[str], start: float, end: float) -> bool:
        """Return whether one of the backends had a fault between these times of the loop, or shortly before."""
        names = set(backends)
        return any(
            name in names and started <= end and ended + AFTER >= start for name, started, ended in self._imposed
        )

    async def _impose_many(self, name: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await self._impose(name, self._random.choice(FAULTS), min(self._random.uniform(0.3, 2), left))
            await asyncio.sleep(min(self._random.uniform(0, 1), max(end - loop.time(), 0)))

    async def _impose(self, name: str, fault: Fault, seconds: float) -> None:
        loop, index = asyncio.get_running_loop(), len(self._imposed)
        self._imposed.append((name, loop.time(), float("inf")))
        self.faults += 1
        try:
            await self._proxies[name].inject(fault)
            await asyncio.sleep(seconds)
        finally:
            await self._proxies[name].heal()
            self._imposed[index] = (name, self._imposed[index][1], loop.time())
