"""Replies read as JSON without a declared type: numbers keep all digits."""

from typing import Any

import httpx
import orjson
import pytest
import strawberry
from strawberry.scalars import JSON

from graphfold import RestAdapter, read, resolves
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, ask, fakes, graph_of

pytestmark = pytest.mark.anyio

PRICE = b'{"price": 12345678901234567890.10, "most": 1.50E+3, "whole": 3.0}'


@pytest.fixture(params=["breadth-first", "graphql-core"])
def graph(request: pytest.FixtureRequest) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        @read()
        async def price(self) -> dict[str, Any]:
            return await self.get("/price", dict[str, Any])

    @resolves(Query)
    async def everything(shop: Shop) -> JSON:
        return JSON(await shop.price())

    @resolves(Query)
    async def price(shop: Shop) -> float:
        return float((await shop.price())["price"])

    @resolves(Query)
    async def most(shop: Shop) -> float:
        most: float = (await shop.price())["most"]
        return most

    @resolves(Query)
    async def whole(shop: Shop) -> int:
        whole: int = (await shop.price())["whole"]
        return whole

    return graph_of({"GRAPHFOLD_EXECUTION": request.param})


def shop() -> FakeBackend:
    return FakeBackend({"GET /price": httpx.Response(200, content=PRICE, headers={"content-type": "application/json"})})


async def test_json_scalar_keeps_all_digits_of_numbers(graph: Graph) -> None:
    async with graph.running(transports=fakes(shop=shop())):
        body = (await graph.execute("{ everything }")).body()
    assert body == b'{"data":{"everything":{"price":12345678901234567890.10,"most":1.50E+3,"whole":3.0}}}'
    assert orjson.loads(body)


async def test_untyped_numbers_become_graph_numbers(graph: Graph) -> None:
    async with graph.running(transports=fakes(shop=shop())):
        assert await ask(graph, "{ price most whole }") == {"price": 12345678901234567890.10, "most": 1500, "whole": 3}
