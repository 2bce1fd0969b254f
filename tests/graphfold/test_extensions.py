"""Notes: collected by the operation that runs, whichever of its tasks says something."""

from __future__ import annotations

import asyncio

import pytest

from graphfold.extensions import collecting, note

pytestmark = pytest.mark.anyio


async def test_tasks_of_an_operation_share_its_notes() -> None:
    async def resolver(number: int) -> None:
        await asyncio.sleep(0)
        note("pagination", {"number": number})

    with collecting() as notes:
        await asyncio.gather(resolver(1), resolver(2))
        note("stale", {"age": 3})
    assert notes == {"pagination": [{"number": 1}, {"number": 2}], "stale": [{"age": 3}]}


async def test_operations_do_not_hear_each_other() -> None:
    async def operation(number: int) -> object:
        with collecting() as notes:
            await asyncio.sleep(0)
            note("kind", {"number": number})
            return notes

    heard = await asyncio.gather(*map(operation, (1, 2)))
    assert heard == [{"kind": [{"number": 1}]}, {"kind": [{"number": 2}]}]


async def test_without_a_collector_notes_are_dropped() -> None:
    with collecting() as notes:
        pass
    note("kind", {})
    assert notes == {}
