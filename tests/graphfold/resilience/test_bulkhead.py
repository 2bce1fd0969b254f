"""The bulkhead: a limit on concurrent calls, a bounded queue in order, and no slot lost to cancellation."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest

from graphfold.errors import BackendBusy
from graphfold.resilience import Resilience
from graphfold.resilience.bulkhead import Bulkhead
from tests.graphfold.resilience.shop import READ, FlakyBackend, codes, shop

pytestmark = pytest.mark.anyio


async def test_concurrent_calls_are_limited() -> None:
    active, most = 0, 0

    async def counted(_: httpx.Request) -> Any:
        nonlocal active, most
        active += 1
        most = max(most, active)
        await asyncio.sleep(0.1)
        active -= 1
        return 1

    backend = FlakyBackend(*[counted] * 20)
    async with shop(backend, Resilience(parallel=3)) as graph:
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(20)))
    assert [answer.data for answer in answers] == [{"count": 1}] * 20
    assert most == 3


async def test_full_queue_fails_a_call_at_once() -> None:
    loop = asyncio.get_running_loop()

    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    async with shop(FlakyBackend(*[hang] * 9), GRAPHFOLD_SHOP_PARALLEL="1", GRAPHFOLD_SHOP_QUEUE="2") as graph:
        calls = [asyncio.create_task(graph.execute(READ)) for _ in range(3)]
        await asyncio.sleep(0.01)
        start = loop.time()
        answer = await graph.execute(READ)
        assert (codes(answer), loop.time()) == (["BACKEND_BUSY"], start)
        assert answer.errors[0]["extensions"]["retryable"]
        outcomes = [codes(answer) for answer in await asyncio.gather(*calls)]
    assert outcomes == [["BACKEND_TIMEOUT"], ["BACKEND_BUSY"], ["BACKEND_BUSY"]]


async def test_call_has_its_full_timeout_after_the_queue() -> None:
    """Otherwise the last call of the queue would time out at once, and the breaker would count it."""

    async def busy(_: httpx.Request) -> Any:
        await asyncio.sleep(0.4)
        return 1

    async with shop(FlakyBackend(*[busy] * 9), Resilience(parallel=1), GRAPHFOLD_SHOP_CALL_TIMEOUT="1") as graph:
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(5)))
        breaker = graph.state()["shop"]["breakers"]["default"]
    assert [codes(answer) for answer in answers] == [[], [], [], ["BACKEND_BUSY"], ["BACKEND_BUSY"]]
    assert (breaker["calls"], breaker["failures"]) == (3, 0)


async def test_slots_are_handed_on_in_order() -> None:
    bulkhead, order = Bulkhead(1, 10), list[int]()

    async def take(number: int) -> None:
        if not bulkhead.try_acquire():
            await bulkhead.acquire(5)
        order.append(number)
        await asyncio.sleep(1)
        bulkhead.release()

    await asyncio.gather(*map(take, range(5)))
    assert (order, bulkhead.active, bulkhead.waiting) == ([0, 1, 2, 3, 4], 0, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_slots_are_neither_lost_nor_invented(seed: int) -> None:
    chance = random.Random(seed)
    bulkhead, active, most = Bulkhead(3, 8), 0, 0

    async def take() -> None:
        nonlocal active, most
        if not bulkhead.try_acquire():
            await bulkhead.acquire(chance.choice([0, 1, 5]))
        active += 1
        most = max(most, active)
        try:
            await asyncio.sleep(chance.choice([0, 0, 1, 3]))
        finally:
            active -= 1
            bulkhead.release()

    async def one() -> None:
        await asyncio.sleep(chance.randrange(10))
        task = asyncio.create_task(take())
        if chance.randrange(3) == 0:
            await asyncio.sleep(chance.choice([0, 1, 1, 2]))
            task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(outcome, None | BackendBusy | TimeoutError | asyncio.CancelledError)

    await asyncio.gather(*(one() for _ in range(100)))
    assert (bulkhead.active, bulkhead.waiting, active) == (0, 0, 0)
    assert most == 3
