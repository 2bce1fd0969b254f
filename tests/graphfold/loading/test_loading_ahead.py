"""Loading ahead: the key of a reference is loaded without waiting for the referenced object."""

# No `from __future__ import annotations` here: the graph is declared inside a function.

import asyncio
from typing import Annotated, Any

import httpx
import pytest
import strawberry

from graphfold import Keys, OnDemand, RestAdapter, Row, batch, by, resolves
from graphfold.declarations import declaring
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, ask, fakes, graph_of

pytestmark = pytest.mark.anyio


def shop() -> Graph:
    """Declare a graph of lines that refer to products by SKU, with the stock of each SKU in another backend."""

    @strawberry.type
    class Stock:
        sku: str
        pieces: int

    @strawberry.type
    class Product:
        sku: str
        name: str

    @strawberry.type
    class Line:
        sku: str

    @strawberry.type
    class Query:
        pass

    class StockRow(Row[Stock], key="sku"):
        sku: str
        pieces: int

    class ProductRow(Row[Product], key="sku"):
        sku: str
        name: Annotated[str, OnDemand("title")] = ""

    class Goods(RestAdapter):
        identity = "service"

        @batch()
        async def products(self, skus: Keys[str]) -> dict[str, ProductRow]:
            return by(await self.get("/products", list[ProductRow], skus=",".join(skus)), lambda row: row.sku)

    class Depot(RestAdapter):
        identity = "service"

        @batch()
        async def stock(self, skus: Keys[str]) -> dict[str, StockRow]:
            return by(await self.get("/stock", list[StockRow], skus=",".join(skus)), lambda row: row.sku)

    @resolves(Query)
    async def lines(skus: list[str]) -> list[Line]:
        return [Line(sku=sku) for sku in skus]

    @resolves(Line)
    async def product(self: Line, goods: Goods) -> Product | None:
        return await goods.products.ref(self.sku)

    @resolves(Line)
    async def sold(self: Line, goods: Goods) -> Product | None:
        return await goods.products.find(self.sku)

    @resolves(Product)
    async def stock(self: Product, depot: Depot) -> Stock | None:
        return await depot.stock.find(self.sku)

    return graph_of()


class Backends:
    """Both backends; with `goods_wait` the goods answer only after a request to the depot."""

    def __init__(self, *, goods_wait: bool = False) -> None:
        self.depot_called = asyncio.Event()
        self.goods_wait = goods_wait
        self.requests: list[str] = []

    async def products(self, request: httpx.Request) -> Any:
        self._record(request)
        if self.goods_wait:
            async with asyncio.timeout(5):
                await self.depot_called.wait()
        return [{"sku": sku, "title": sku.upper()} for sku in request.url.params["skus"].split(",") if sku != "gone"]

    def stock(self, request: httpx.Request) -> Any:
        self._record(request)
        self.depot_called.set()
        return [{"sku": sku, "pieces": 7} for sku in request.url.params["skus"].split(",")]

    def _record(self, request: httpx.Request) -> None:
        self.requests.append(f"{request.url.path[1:]} {request.url.params['skus']}")

    def transports(self) -> Any:
        return fakes(goods=FakeBackend({"GET /products": self.products}), depot=FakeBackend({"GET /stock": self.stock}))


async def test_backends_of_a_ref_are_called_in_parallel() -> None:
    backends = Backends(goods_wait=True)
    with declaring():
        graph = shop()
    async with graph.running(transports=backends.transports()):
        data = await ask(graph, '{ lines(skus: ["a", "b", "a"]) { product { name stock { pieces } } } }')
    assert data["lines"] == [{"product": {"name": name, "stock": {"pieces": 7}}} for name in "ABA"]
    assert sorted(backends.requests) == ["products a,b", "stock a,b"]


async def test_optional_reference_is_loaded_first() -> None:
    backends = Backends()
    with declaring():
        graph = shop()
    async with graph.running(transports=backends.transports()):
        data = await ask(graph, '{ lines(skus: ["a", "gone"]) { sold { name stock { pieces } } } }')
    assert data["lines"] == [{"sold": {"name": "A", "stock": {"pieces": 7}}}, {"sold": None}]
    assert backends.requests == ["products a,gone", "stock a"]


async def test_unselected_fields_are_not_loaded_ahead() -> None:
    backends = Backends()
    with declaring():
        graph = shop()
    async with graph.running(transports=backends.transports()):
        await ask(graph, '{ lines(skus: ["a"]) { product { name } } }')
        await ask(
            graph,
            'query ($s: Boolean!) { lines(skus: ["b"]) { product { sku stock @include(if: $s) { pieces } } } }',
            s=False,
        )
    assert backends.requests == ["products a"]
