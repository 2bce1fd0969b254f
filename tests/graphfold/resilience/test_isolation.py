"""A backend that hangs does not slow queries that do not need it: calm and hanging rounds alternate in real time."""

import asyncio
import time
from statistics import median
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import RestAdapter, read, resolves
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, declaring, fakes, graph_of

pytestmark = [pytest.mark.anyio, pytest.mark.alone]

ROUNDS, QUERIES, HANGING = 20, 10, 60


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def two_backends() -> Graph:
    @strawberry.type
    class Query:
        pass

    class Quick(RestAdapter):
        @read()
        async def one(self) -> int:
            return await self.get("/one", int)

    class Stuck(RestAdapter):
        @read()
        async def one(self) -> int:
            return await self.get("/one", int)

    @resolves(Query)
    async def quick(backend: Quick) -> int | None:
        return await backend.one()

    @resolves(Query)
    async def stuck(backend: Stuck) -> int | None:
        return await backend.one()

    return graph_of()


async def timed(graph: Graph) -> list[float]:
    times = []
    for _ in range(QUERIES):
        start = time.perf_counter()
        assert (await graph.execute("{ quick }")).data == {"quick": 1}
        times.append(time.perf_counter() - start)
    return times


async def ratio() -> float:
    """Return the ratio of the median query time while another backend hangs to that while it does not."""

    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    with declaring():
        graph = two_backends()
    backends = fakes(quick=FakeBackend({"GET /one": 1}), stuck=FakeBackend({"GET /one": hang}))
    calm, hanging = list[float](), list[float]()
    async with graph.running(transports=backends):
        await timed(graph)
        for _ in range(ROUNDS):
            calm += await timed(graph)
            waiting = [asyncio.create_task(graph.execute("{ stuck }")) for _ in range(HANGING)]
            await asyncio.sleep(0)
            hanging += (await timed(graph))[1:]  # the first one runs beside the start of those that will hang
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
    return median(hanging) / median(calm)


async def test_hanging_backend_does_not_slow_other_queries() -> None:
    assert min([await ratio() for _ in range(3)]) <= 1.25
