"""Notes: collected by the operation that runs, whichever of its tasks says something."""

from __future__ import annotations

import asyncio

import pytest

from graphfold.extensions import add_extension, collect_extensions

pytestmark = pytest.mark.anyio


async def test_tasks_of_an_operation_share_its_notes() -> None:
    async def resolver(number: int) -> None:
        await asyncio.sleep(0)
        add_extension("pagination", {"number": number})

    with collect_extensions() as notes:
        await asyncio.gather(resolver(1), resolver(2))
        add_extension("stale", {"age": 3})
    assert notes == {"pagination": [{"number": 1}, {"number": 2}], "stale": [{"age": 3}]}


async def test_operations_do_not_hear_each_other() -> None:
    async def operation(number: int) -> object:
        with collect_extensions() as notes:
            await asyncio.sleep(0)
            add_extension("kind", {"number": number})
            return notes

    heard = await asyncio.gather(*map(operation, (1, 2)))
    assert heard == [{"kind": [{"number": 1}]}, {"kind": [{"number": 2}]}]


async def test_without_a_collector_notes_are_dropped() -> None:
    with collect_extensions() as notes:
        pass
    add_extension("kind", {})
    assert notes == {}
