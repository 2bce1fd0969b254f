"""Virtual time: what the clocks count, and that tasks and generators left on a loop are ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from graphfold.testing.conformance.virtual_time import VirtualTimeLoop, run_in_virtual_time


async def work_and_wait() -> list[float]:
    """Return the seconds that computing and waiting took by the loop's clock."""
    now = asyncio.get_running_loop().time
    started = now()
    sum(range(200_000))
    worked = now()
    await asyncio.sleep(3600)
    return [worked - started, now() - worked]


def test_clock_counts_waiting_exactly_and_computing_not_at_all() -> None:
    with closing(VirtualTimeLoop()) as loop:
        assert loop.run_until_complete(work_and_wait()) == [0, 3600]


def test_clock_of_a_run_counts_computing_too() -> None:
    worked, waited = run_in_virtual_time(work_and_wait)
    assert worked > 0
    assert waited >= 3600


class Leftovers:
    """A task and a generator that are started and never awaited; `ended` lists those that were ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.numbers = self._numbers()

    async def begin(self) -> None:
        self.task = asyncio.ensure_future(self._forever())
        assert await anext(self.numbers) == 1

    async def _forever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            self.ended.append("a task")

    async def _numbers(self) -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            self.ended.append("a generator")


def test_leftovers_of_a_run_are_ended() -> None:
    leftovers = Leftovers()
    run_in_virtual_time(leftovers.begin)
    assert leftovers.task.cancelled()
    assert sorted(leftovers.ended) == ["a generator", "a task"]


def test_leftovers_of_a_failed_run_are_ended() -> None:
    leftovers = Leftovers()

    async def work() -> None:
        await leftovers.begin()
        raise LookupError

    with pytest.raises(LookupError):
        run_in_virtual_time(work)
    assert leftovers.task.cancelled()
    assert sorted(leftovers.ended) == ["a generator", "a task"]
