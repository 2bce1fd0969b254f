"""Entries for an answer's `extensions`: collected by the running operation, from any of its tasks."""

from __future__ import annotations

import asyncio

import pytest

from graphfold.extensions import add_extension, collect_extensions

pytestmark = pytest.mark.anyio


async def test_tasks_of_an_operation_share_its_extensions() -> None:
    async def resolver(number: int) -> None:
        await asyncio.sleep(0)
        add_extension("pagination", {"number": number})

    with collect_extensions() as extensions:
        await asyncio.gather(resolver(1), resolver(2))
        add_extension("stale", {"age": 3})
    assert extensions == {"pagination": [{"number": 1}, {"number": 2}], "stale": [{"age": 3}]}


async def test_operations_have_extensions_of_their_own() -> None:
    async def operation(number: int) -> object:
        with collect_extensions() as extensions:
            await asyncio.sleep(0)
            add_extension("kind", {"number": number})
            return extensions

    collected = await asyncio.gather(*map(operation, (1, 2)))
    assert collected == [{"kind": [{"number": 1}]}, {"kind": [{"number": 2}]}]


async def test_entries_outside_of_an_operation_are_dropped() -> None:
    with collect_extensions() as extensions:
        pass
    add_extension("kind", {})
    assert extensions == {}
