"""Hedging: a read that declares it makes a second attempt when the first is slow, and the first success wins."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.resilience import Quota, Resilience
from tests.graphfold.resilience.shop import FlakyBackend, codes, shop

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
async def hedged_shop(
    query: str = PRICE, resilience: Resilience | None = None
) -> AsyncIterator[tuple[Graph, FlakyBackend]]:
    """Run the graph after 48 calls, of which 19 of 20 took a tenth of a second at most."""
    CANCELLED.clear()
    success = None if query == PRICE else 1
    backend = FlakyBackend(*[after(0.1, success)] * 8, *[after(0.05, success)] * 40)
    async with shop(backend, resilience) as graph:
        for _ in range(48):
            assert codes(await graph.execute(query)) == []
        backend.calls.clear()
        yield graph, backend


async def timed(graph: Graph, query: str) -> tuple[list[str], float]:
    loop = asyncio.get_running_loop()
    start = loop.time()
    answer = await graph.execute(query)
    return codes(answer), round(loop.time() - start, 3)


async def test_second_attempt_wins_when_it_is_faster() -> None:
    async with hedged_shop() as (graph, backend):
        backend.replies = [after(3), after(0.1)]
        assert await timed(graph, PRICE) == ([], 0.2)
        assert (len(backend.calls), len(CANCELLED)) == (2, 1)


async def test_first_attempt_wins_when_it_is_faster() -> None:
    async with hedged_shop() as (graph, backend):
        backend.replies = [after(0.15), after(3)]
        assert await timed(graph, PRICE) == ([], 0.15)
        assert (len(backend.calls), len(CANCELLED)) == (2, 1)


async def test_fast_call_is_not_hedged() -> None:
    async with hedged_shop() as (graph, backend):
        backend.replies = [after(0.09)]
        assert await timed(graph, PRICE) == ([], 0.09)
        assert len(backend.calls) == 1


@pytest.mark.parametrize("failing", [0, 1])
async def test_failed_attempt_waits_for_the_other(failing: int) -> None:
    async with hedged_shop() as (graph, backend):
        replies = [after(1), after(1)]
        replies[failing] = after(0.5, httpx.Response(500))
        backend.replies = list(replies)
        assert (await timed(graph, PRICE))[0] == []
        assert len(backend.calls) == 2


@pytest.mark.parametrize("failing", [0, 1])
async def test_raw_reply_is_that_of_the_winning_attempt(failing: int) -> None:
    async with hedged_shop(RAW) as (graph, backend):
        replies = [after(1, 1), after(0.85, 1)]
        replies[failing] = after(0.5, httpx.Response(503))
        backend.replies = list(replies)
        assert (await graph.execute(RAW)).data == {"raw": 200}
        assert len(backend.calls) == 2


async def test_operation_without_hedge_makes_one_attempt() -> None:
    async with hedged_shop(COUNT) as (graph, backend):
        backend.replies = [after(3, 1)]
        assert await timed(graph, COUNT) == ([], 3)
        assert len(backend.calls) == 1


async def test_hedges_spend_the_retry_budget() -> None:
    async with hedged_shop() as (graph, backend):
        backend.replies = [after(1)] * 200
        for _ in range(40):
            await graph.execute(PRICE)
        assert len(backend.calls) <= 40 + 0.1 * 48 + 3 * 40 / 10


async def test_time_in_the_bulkhead_queue_does_not_trigger_a_hedge() -> None:
    async with hedged_shop(resilience=Resilience(parallel=2)) as (graph, backend):
        backend.replies = [after(0.09)] * 3
        answers = await asyncio.gather(*(graph.execute(PRICE) for _ in range(3)))
        assert ([codes(answer) for answer in answers], len(backend.calls)) == ([[]] * 3, 3)


async def test_wait_for_the_quota_neither_triggers_nor_delays_a_hedge() -> None:
    async with hedged_shop(resilience=Resilience(quota=Quota(2, burst=1))) as (graph, backend):
        backend.replies = [after(0.09)] * 5 + [after(0.4)] * 5
        for _ in range(10):
            assert codes(await graph.execute(PRICE)) == []
        assert (len(backend.calls), graph.state()["shop"]["retriesLeft"]) == (10, 3)


async def test_hedge_needs_a_free_slot() -> None:
    async with hedged_shop(resilience=Resilience(parallel=1)) as (graph, backend):
        backend.replies = [after(1)]
        assert await timed(graph, PRICE) == ([], 1)
        assert len(backend.calls) == 1


async def test_cancelled_operation_cancels_both_attempts() -> None:
    async with hedged_shop() as (graph, backend):
        backend.replies = [after(3), after(3)]
        operation = asyncio.create_task(graph.execute(PRICE))
        await asyncio.sleep(0.5)
        operation.cancel()
        await asyncio.gather(operation, return_exceptions=True)
        assert (len(backend.calls), len(CANCELLED)) == (2, 2)
