"""A rejected batch is split in halves to find the key to blame, within the retry budget and the deadline."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import Keys, RestAdapter, batch, resolves
from graphfold.errors import GraphError, InvalidInput
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, declaring, graph_of
from tests.graphfold.resilience.shop import codes

pytestmark = pytest.mark.anyio

ALL = "{ prices(skus: [" + ", ".join(f'"{n}"' for n in range(16)) + "]) }"


@asynccontextmanager
async def shop(answer: Callable[[list[str]], Any]) -> AsyncIterator[tuple[Graph, FakeBackend]]:
    """Run a graph whose adapter maps a 422 to BAD_INPUT."""

    async def answered(request: httpx.Request) -> Any:
        response = answer(request.url.params["skus"].split(","))
        return await response if asyncio.iscoroutine(response) else response

    with declaring():

        @strawberry.type
        class Query:
            pass

        class Shop(RestAdapter):
            @batch()
            async def prices(self, skus: Keys[str]) -> dict[str, int]:
                return await self.get("/prices", dict[str, int], skus=",".join(skus))

            def problem(self, reply: Any) -> GraphError:
                return InvalidInput("No such price.") if reply.status == 422 else super().problem(reply)

        @resolves(Query)
        async def prices(skus: list[str], shop: Shop) -> list[int]:
            return await shop.prices.load_many(skus)

        graph = graph_of()
    backend = FakeBackend({"GET /prices": answered})
    async with graph.running(transports=lambda _: backend):
        yield graph, backend


@pytest.mark.parametrize(("status", "code"), [(400, "BACKEND_REJECTED"), (404, "NOT_FOUND"), (422, "BAD_INPUT")])
async def test_splitting_a_rejected_batch_spends_the_retry_budget(status: int, code: str) -> None:
    async with shop(lambda skus: httpx.Response(status)) as (graph, backend):
        answer = await graph.execute(ALL)
        left = graph.state()["shop"]["retriesLeft"]
    assert (codes(answer), left) == ([code], 0)
    assert len(backend.calls) == 1 + 3 * 2


async def test_splitting_a_batch_ends_at_the_deadline() -> None:
    async def slow(skus: list[str]) -> Any:
        await asyncio.sleep(0.6)
        return httpx.Response(400)

    began = asyncio.get_running_loop().time()
    async with shop(slow) as (graph, backend):
        answer = await graph.execute(ALL, seconds=1)
        took = asyncio.get_running_loop().time() - began
    assert codes(answer) == ["DEADLINE_EXCEEDED"]
    assert took < 1.1
    assert len(backend.calls) == 3


@pytest.mark.parametrize("status", [401, 403, 405, 500, 503])
async def test_failures_unrelated_to_a_key_do_not_split_the_batch(status: int) -> None:
    async with shop(lambda skus: httpx.Response(status)) as (graph, backend):
        await graph.execute(ALL)
    assert {len(call.url.params["skus"].split(",")) for call in backend.calls} == {16}
