"""A hanging backend does not slow down queries to others; normal and hanging rounds alternate on real connections."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from statistics import median

import pytest

import graphfold
from graphfold.graph.graph import Graph
from tests.e2e.gateway import ROOT, Gateway, reaching, running

pytestmark = [pytest.mark.anyio, pytest.mark.alone, pytest.mark.slow]

ROUNDS, QUERIES, HANGING, PLACES = 20, 10, 30, 8
UNRELATED = '{ product(id: "00012345") { name price { amount } } }'
NEEDING = '{ invoice(id: "2026-%06d") { number } }'


async def timed(gateway: Gateway) -> list[float]:
    times = []
    for _ in range(QUERIES):
        start = time.perf_counter()
        await gateway.ask(UNRELATED)
        times.append(time.perf_counter() - start)
    return times


async def hanging(gateway: Gateway) -> list[asyncio.Task[object]]:
    """Occupy every bulkhead place of the backend with hanging calls; further calls queue."""
    needing = [asyncio.create_task(gateway.answer(NEEDING % n)) for n in range(1, HANGING + 1)]
    called = 0
    while called < PLACES:
        called += (await gateway.calls())["billing"]
    return [*needing]


async def ratio(graph: Graph, sandbox: str) -> float:
    """Return the median time of 200 queries while another backend hangs, relative to that without."""
    calm, beside = list[float](), list[float]()
    for _ in range(ROUNDS):
        ticks = count(step=1000)  # nothing is remembered
        async with running(graph, sandbox, timer=lambda: float(next(ticks))) as gateway:  # noqa: B023
            await timed(gateway)
            calm += await timed(gateway)
            waiting = await hanging(gateway)
            beside += await timed(gateway)
            assert not [task for task in waiting if task.done()]
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    return median(beside) / median(calm)


async def test_hanging_backend_does_not_slow_queries_to_other_backends(own_sandbox: str) -> None:
    """One fair measurement of three is enough: whatever else this machine does makes either side longer."""
    graph = graphfold.load(ROOT, environment=reaching(own_sandbox))
    async with running(graph, own_sandbox) as gateway:
        await gateway.suffer("billing", "latency", seconds=60)
    ratios = list[float]()
    while len(ratios) < 3 and min(ratios, default=2.0) > 1.25:
        ratios.append(await ratio(graph, own_sandbox))
    assert min(ratios) <= 1.25, ratios
