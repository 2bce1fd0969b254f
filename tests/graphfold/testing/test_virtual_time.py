"""The loops of the conformance suite: what their clocks count, and that all that began on one ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import closing

import pytest

from graphfold.testing.conformance import virtual_time


async def work_and_wait() -> list[float]:
    """How long either took."""
    now = asyncio.get_running_loop().time
    began = now()
    sum(range(200_000))
    worked = now()
    await asyncio.sleep(3600)
    return [worked - began, now() - worked]


def test_work_takes_no_time_and_waiting_takes_exactly_its_own() -> None:
    with closing(virtual_time.VirtualTimeLoop()) as loop:
        assert loop.run_until_complete(work_and_wait()) == [0, 3600]


def test_in_a_trial_work_takes_its_time() -> None:
    worked, waited = virtual_time.run_in_virtual_time(work_and_wait)
    assert worked > 0
    assert waited >= 3600


class Left:
    """Work that is begun and never waited for; `ended` says what was told to end."""

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


def test_nothing_is_left_of_what_was_run() -> None:
    left = Left()
    virtual_time.run_in_virtual_time(left.begin)
    assert left.task.cancelled()
    assert sorted(left.ended) == ["a generator", "a task"]


def test_nor_of_what_failed() -> None:
    left = Left()

    async def work() -> None:
        await left.begin()
        raise LookupError

    with pytest.raises(LookupError):
        virtual_time.run_in_virtual_time(work)
    assert left.task.cancelled()
    assert sorted(left.ended) == ["a generator", "a task"]
