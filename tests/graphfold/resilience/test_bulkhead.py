"""So many calls at once, so many in line, in the order in which they came; nobody is lost, whoever gives up when."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
import pytest

from graphfold.errors import BackendBusy
from graphfold.resilience import Resilience
from graphfold.resilience.bulkhead import Bulkhead
from tests.graphfold.resilience.shop import READ, Troubled, codes, shop

pytestmark = pytest.mark.anyio


async def test_no_more_at_once_than_declared() -> None:
    under_way, most = 0, 0

    async def counted(_: httpx.Request) -> Any:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.1)
        under_way -= 1
        return 1

    backend = Troubled(*[counted] * 20)
    async with shop(backend, Resilience(parallel=3)) as graph:
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(20)))
    assert [answer.data for answer in answers] == [{"count": 1}] * 20
    assert most == 3


async def test_who_finds_the_line_full_hears_so_at_once() -> None:
    loop = asyncio.get_running_loop()

    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    async with shop(Troubled(*[hang] * 9), GRAPHFOLD_SHOP_PARALLEL="1", GRAPHFOLD_SHOP_QUEUE="2") as graph:
        calls = [asyncio.create_task(graph.execute(READ)) for _ in range(3)]
        await asyncio.sleep(0.01)
        start = loop.time()
        answer = await graph.execute(READ)
        assert (codes(answer), loop.time()) == (["BACKEND_BUSY"], start)
        assert answer.errors[0]["extensions"]["retryable"]
        told = [codes(answer) for answer in await asyncio.gather(*calls)]
    assert told == [["BACKEND_TIMEOUT"], ["BACKEND_BUSY"], ["BACKEND_BUSY"]]


async def test_a_call_that_waited_has_its_whole_time() -> None:
    """Else the last in line would be given up at once, and the backend blamed for it."""

    async def busy(_: httpx.Request) -> Any:
        await asyncio.sleep(0.4)
        return 1

    async with shop(Troubled(*[busy] * 9), Resilience(parallel=1), GRAPHFOLD_SHOP_CALL_TIMEOUT="1") as graph:
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(5)))
        told = graph.state()["shop"]["breakers"]["default"]
    assert [codes(answer) for answer in answers] == [[], [], [], ["BACKEND_BUSY"], ["BACKEND_BUSY"]]
    assert (told["calls"], told["failures"]) == (3, 0)


async def test_places_are_handed_on_in_order() -> None:
    places, order = Bulkhead(1, 10), list[int]()

    async def take(number: int) -> None:
        if not places.try_acquire():
            await places.acquire(5)
        order.append(number)
        await asyncio.sleep(1)
        places.release()

    await asyncio.gather(*map(take, range(5)))
    assert (order, places.active, places.waiting) == ([0, 1, 2, 3, 4], 0, 0)


@pytest.mark.parametrize("seed", range(20))
async def test_no_place_is_lost_and_none_is_made_up(seed: int) -> None:
    chance = random.Random(seed)
    places, under_way, most = Bulkhead(3, 8), 0, 0

    async def take() -> None:
        nonlocal under_way, most
        if not places.try_acquire():
            await places.acquire(chance.choice([0, 1, 5]))
        under_way += 1
        most = max(most, under_way)
        try:
            await asyncio.sleep(chance.choice([0, 0, 1, 3]))
        finally:
            under_way -= 1
            places.release()

    async def one() -> None:
        await asyncio.sleep(chance.randrange(10))
        task = asyncio.create_task(take())
        if chance.randrange(3) == 0:
            await asyncio.sleep(chance.choice([0, 1, 1, 2]))
            task.cancel()
        outcome = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(outcome, None | BackendBusy | TimeoutError | asyncio.CancelledError)

    await asyncio.gather(*(one() for _ in range(100)))
    assert (places.active, places.waiting, under_way) == (0, 0, 0)
    assert most == 3
