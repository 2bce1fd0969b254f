"""A graph of one backend, a shop, with any credential."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import strawberry

from graphfold import RestAdapter, batch, read, resolves
from graphfold.credentials import Credential
from graphfold.graph.graph import Graph
from graphfold.loading.keys import Keys
from graphfold.testing import FakeBackend, fakes, graph_of

Open = Callable[..., AbstractAsyncContextManager[Graph]]


@pytest.fixture
def opened() -> Open:
    """`async with opened(backend, Bearer(), GRAPHFOLD_SHOP_TOKEN="x") as graph`: one field, one backend."""
    return _opened


@asynccontextmanager
async def _opened(
    backend: FakeBackend, kind: Credential, *, clock: Callable[[], float] | None = None, **settings: str
) -> AsyncIterator[Graph]:
    timer: dict[str, Any] = {"timer": clock} if clock else {}
    async with _graph(kind, settings).running(transports=fakes(shop=backend), **timer) as graph:
        yield graph


def _graph(kind: Credential, settings: dict[str, str]) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        credential = kind
        propagates = ("accept-language", "x-tenant", "traceparent")

        @batch(ttl=60)
        async def prices(self, skus: Keys[str]) -> dict[str, int]:
            return await self.get("/prices", dict[str, int], skus=",".join(skus))

        @read()
        async def count(self, of: str) -> int:
            return await self.get("/count", int, of=of)

    @resolves(Query)
    async def price(sku: str, shop: Shop) -> int | None:
        return await shop.prices.find(sku)

    @resolves(Query)
    async def count(shop: Shop, of: str = "all") -> int | None:
        return await shop.count(of)

    return graph_of(settings)
