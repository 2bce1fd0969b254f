"""The clock of the conformance suite: it shows the time that was waited for, and nothing else."""

from __future__ import annotations

import asyncio

from graphfold.testing.conformance.clock import run


def test_work_takes_no_time_and_waiting_takes_exactly_its_own() -> None:
    async def work() -> list[float]:
        clock = asyncio.get_running_loop().time
        began = clock()
        sum(range(200_000))
        worked = clock()
        await asyncio.sleep(3600)
        return [worked - began, clock() - worked]

    assert run(work) == [0, 3600]
