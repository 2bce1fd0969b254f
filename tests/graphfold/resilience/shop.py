"""A graph over one backend, with an operation of each kind, for the tests of this folder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import httpx
import strawberry

from graphfold import Keys, RestAdapter, batch, read, resolves, write
from graphfold.credentials.credential import Credential
from graphfold.graph.graph import Graph
from graphfold.observer import Observer
from graphfold.resilience import Resilience
from graphfold.testing import FakeBackend, declaring, graph_of

__all__ = ["ADD", "PUT", "READ", "FlakyBackend", "codes", "shop"]

READ, ADD, PUT = "{ count }", "mutation { add }", "mutation { put }"


class FlakyBackend(FakeBackend):
    """Answers with each of the `replies` in turn (anything that a route may answer), then successfully."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.times: list[float] = []
        routes = ("GET /count", "POST /count", "PUT /count", "GET /prices", "GET /stock")
        super().__init__(dict.fromkeys(routes, self.answer))

    def answer(self, request: httpx.Request) -> Any:
        self.times.append(asyncio.get_running_loop().time())
        reply = self.replies.pop(0) if self.replies else self.success(request)
        return reply(request) if callable(reply) else reply

    def success(self, request: httpx.Request) -> Any:
        if "skus" in request.url.params:
            return dict.fromkeys(request.url.params["skus"].split(","), 1)
        return 1


def shop_graph(  # noqa: C901  # a graph: many functions of a line
    options: Resilience,
    declared_identity: Literal["viewer", "service"],
    declared_credential: Credential,
    propagated: tuple[str, ...],
    **settings: str,
) -> Graph:
    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Mutation:
        pass

    class Shop(RestAdapter):
        identity = declared_identity
        resilience = options
        credential = declared_credential
        propagates = propagated

        @read()
        async def count(self) -> int:
            return await self.get("/count", int)

        @read(group="stock", critical=False)
        async def stock(self) -> int:
            return await self.get("/stock", int)

        @batch(hedge=True)
        async def prices(self, skus: Keys[str]) -> dict[str, int]:
            return await self.get("/prices", dict[str, int], skus=",".join(skus))

        @read(hedge=True)
        async def raw(self) -> int:
            return await self.exchange("GET", "/count", lambda reply: reply.status)

        @read()
        async def judged(self) -> int:
            return await self.exchange("GET", "/count", lambda reply: self.read(reply, int))

        @write()
        async def add(self) -> int:
            return await self.request("POST", "/count", int)

        @write(idempotent=True)
        async def put(self) -> int:
            return await self.request("PUT", "/count", int)

    @resolves(Query)
    async def count(shop: Shop) -> int | None:
        return await shop.count()

    @resolves(Query)
    async def raw(shop: Shop) -> int | None:
        return await shop.raw()

    @resolves(Query)
    async def judged(shop: Shop) -> int | None:
        return await shop.judged()

    @resolves(Query)
    async def stock(shop: Shop) -> int | None:
        return await shop.stock()

    @resolves(Query)
    async def price(sku: str, shop: Shop) -> int | None:
        return await shop.prices.find(sku)

    @resolves(Mutation)
    async def add(shop: Shop) -> int | None:
        return await shop.add()

    @resolves(Mutation)
    async def put(shop: Shop) -> int | None:
        return await shop.put()

    return graph_of(settings)


@asynccontextmanager
async def shop(
    backend: httpx.AsyncBaseTransport,
    resilience: Resilience | None = None,
    identity: Literal["viewer", "service"] = "service",
    credential: Credential | None = None,
    propagates: tuple[str, ...] = (),
    observer: Observer | None = None,
    **settings: str,
) -> AsyncIterator[Graph]:
    """Run the graph over this backend."""
    with declaring():
        graph = shop_graph(resilience or Resilience(), identity, credential or Credential(), propagates, **settings)
    if observer is not None:
        graph.observe(observer)
    async with graph.running(transports=lambda _: backend):
        yield graph


def codes(answer: Any) -> list[str]:
    """Return the codes of an answer's errors."""
    return [error["extensions"]["code"] for error in answer.errors]
