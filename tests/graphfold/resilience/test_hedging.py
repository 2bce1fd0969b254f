"""Where a read says so, a call that takes longer than most is made once more, and the first answer wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.resilience import Quota, Resilience
from tests.graphfold.resilience.shop import Troubled, codes, shop

pytestmark = pytest.mark.anyio

PRICE, COUNT, RAW = '{ price(sku: "a") }', "{ count }", "{ raw }"


def after(seconds: float, answer: Any = None) -> Callable[[httpx.Request], Awaitable[Any]]:
    async def late(request: httpx.Request) -> Any:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            CANCELLED.append(request)
            raise
        return {"a": 1} if answer is None else answer

    return late


CANCELLED: list[httpx.Request] = []


@asynccontextmanager
async def used(query: str = PRICE, how: Resilience | None = None) -> AsyncIterator[tuple[Graph, Troubled]]:
    """After 48 calls, of which 19 of 20 took a tenth of a second at most."""
    CANCELLED.clear()
    fine = None if query == PRICE else 1
    backend = Troubled(*[after(0.1, fine)] * 8, *[after(0.05, fine)] * 40)
    async with shop(backend, how) as graph:
        for _ in range(48):
            assert codes(await graph.execute(query)) == []
        backend.calls.clear()
        yield graph, backend


async def timed(graph: Graph, query: str) -> tuple[list[str], float]:
    loop = asyncio.get_running_loop()
    start = loop.time()
    answer = await graph.execute(query)
    return codes(answer), round(loop.time() - start, 3)


async def test_the_second_call_wins() -> None:
    async with used() as (graph, backend):
        backend.troubles = [after(3), after(0.1)]
        assert await timed(graph, PRICE) == ([], 0.2)
        assert (len(backend.calls), len(CANCELLED)) == (2, 1)


async def test_the_first_call_wins() -> None:
    async with used() as (graph, backend):
        backend.troubles = [after(0.15), after(3)]
        assert await timed(graph, PRICE) == ([], 0.15)
        assert (len(backend.calls), len(CANCELLED)) == (2, 1)


async def test_a_call_that_is_answered_in_time_is_made_once() -> None:
    async with used() as (graph, backend):
        backend.troubles = [after(0.09)]
        assert await timed(graph, PRICE) == ([], 0.09)
        assert len(backend.calls) == 1


@pytest.mark.parametrize("failing", [0, 1])
async def test_a_failure_waits_for_the_other(failing: int) -> None:
    async with used() as (graph, backend):
        troubles = [after(1), after(1)]
        troubles[failing] = after(0.5, httpx.Response(500))
        backend.troubles = list(troubles)
        assert (await timed(graph, PRICE))[0] == []
        assert len(backend.calls) == 2


@pytest.mark.parametrize("failing", [0, 1])
async def test_a_raw_reply_is_that_of_the_call_that_won(failing: int) -> None:
    async with used(RAW) as (graph, backend):
        troubles = [after(1, 1), after(0.85, 1)]
        troubles[failing] = after(0.5, httpx.Response(503))
        backend.troubles = list(troubles)
        assert (await graph.execute(RAW)).data == {"raw": 200}
        assert len(backend.calls) == 2


async def test_what_does_not_say_so_is_made_once() -> None:
    async with used(COUNT) as (graph, backend):
        backend.troubles = [after(3, 1)]
        assert await timed(graph, COUNT) == ([], 3)
        assert len(backend.calls) == 1


async def test_second_calls_have_a_budget() -> None:
    async with used() as (graph, backend):
        backend.troubles = [after(1)] * 200
        for _ in range(40):
            await graph.execute(PRICE)
        assert len(backend.calls) <= 40 + 0.1 * 48 + 3 * 40 / 10


async def test_a_call_that_waits_for_its_turn_is_not_late() -> None:
    async with used(how=Resilience(parallel=2)) as (graph, backend):
        backend.troubles = [after(0.09)] * 3
        answers = await asyncio.gather(*(graph.execute(PRICE) for _ in range(3)))
        assert ([codes(answer) for answer in answers], len(backend.calls)) == ([[]] * 3, 3)


async def test_a_call_that_waits_for_the_quota_is_not_late_and_a_second_one_never_waits() -> None:
    async with used(how=Resilience(quota=Quota(2, burst=1))) as (graph, backend):
        backend.troubles = [after(0.09)] * 5 + [after(0.4)] * 5
        for _ in range(10):
            assert codes(await graph.execute(PRICE)) == []
        assert (len(backend.calls), graph.state()["shop"]["retriesLeft"]) == (10, 3)


async def test_second_calls_take_no_place_from_others() -> None:
    async with used(how=Resilience(parallel=1)) as (graph, backend):
        backend.troubles = [after(1)]
        assert await timed(graph, PRICE) == ([], 1)
        assert len(backend.calls) == 1


async def test_a_caller_that_leaves_takes_both_along() -> None:
    async with used() as (graph, backend):
        backend.troubles = [after(3), after(3)]
        asking = asyncio.create_task(graph.execute(PRICE))
        await asyncio.sleep(0.5)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert (len(backend.calls), len(CANCELLED)) == (2, 2)
