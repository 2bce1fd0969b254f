"""A graph of fields with different times to live and sharing, served over HTTP without a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import strawberry
import structlog
from strawberry import Info

from graphfold import Keys, RestAdapter, Row, batch, by, read, resolves, write
from graphfold.errors import GraphError
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, fakes, graph_of


class Store(FakeBackend):
    """A REST backend that numbers its replies in their texts, so that two equal texts are from one reply.

    `gone` holds the ids of missing goods.
    """

    def __init__(self) -> None:
        self.replies = 0
        self.gone: set[str] = set()
        super().__init__(
            {
                f"GET /{path}": self.answer
                for path in ("names", "prices", "mine", "ours", "news", "stock", "codes", "list")
            }
        )
        self.on("POST /names", {"id": "1", "text": "renamed"})

    def answer(self, request: httpx.Request) -> Any:
        self.replies += 1
        path, ids = request.url.path[1:], request.url.params.get("ids", "all").split(",")
        return [{"id": id, "text": f"{path} {id} #{self.replies}"} for id in ids if id not in self.gone]

    @property
    def requests(self) -> list[str]:
        return [f"{call.url.path[1:]} {call.url.params.get('ids', '')}".strip() for call in self.calls]


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Shop:
    """The graph behind its own application; `cached` has for each request so far whether the answer cache served it."""

    graph: Graph
    store: Store
    clock: Clock
    client: httpx.AsyncClient
    log: list[Any] = field(default_factory=list)

    async def ask(self, query: str, *, viewer: str = "", headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Send a query by POST, with `viewer` as the authorization header, and return the response."""
        sent = {"authorization": viewer} if viewer else {}
        return await self.client.post("/graphql", json={"query": query, **body}, headers=sent | (headers or {}))

    @property
    def cached(self) -> list[bool]:
        return [line.get("kept", False) for line in self.log if line["event"] == "request"]


def goods(**settings: str) -> Graph:  # noqa: C901  # a graph: many functions of a line
    """Declare the graph, with settings such as `deadline="2"`.

    Times to live in seconds: names 60, prices 10, mine 60 (per viewer), ours 60 (per tenant), news 10
    (then stale for 30 while they are refreshed), stock 0, the list 60.
    """

    @strawberry.type(description="A good.")
    class Good:
        id: str = strawberry.field(description="The id.")
        text: str = strawberry.field(description="The path, the id and the number of the reply.")

    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Mutation:
        pass

    class GoodRow(Row[Good], key="id"):
        id: str
        text: str

    class Depot(RestAdapter):
        identity = "service"

        @batch(ttl=60, share="public")
        async def names(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/names", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch(ttl=10, share="public")
        async def prices(self, ids: Keys[int]) -> dict[int, GoodRow]:
            rows = await self.get("/prices", list[GoodRow], ids=",".join(map(str, ids)))
            return by(rows, lambda row: int(row.id))

        @batch(ttl=60)
        async def mine(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/mine", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch(ttl=60, share="tenant")
        async def ours(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/ours", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch(ttl=10, share="public", stale=30)
        async def news(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/news", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch()
        async def stock(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/stock", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch(ttl=60, share="public", key=str.upper, key_pattern="[A-Z]-[0-9]+")
        async def codes(self, ids: Keys[str]) -> dict[str, GoodRow]:
            return by(await self.get("/codes", list[GoodRow], ids=",".join(ids)), lambda row: row.id)

        @batch(ttl=60, share="public")
        async def pairs(self, ids: Keys[tuple[str, int]]) -> dict[tuple[str, int], str]:
            return {id: f"{id}" for id in ids}

        @read(ttl=60, share="public", primes=names)
        async def all(self) -> list[GoodRow]:
            return await self.get("/list", list[GoodRow])

        @write()
        async def rename(self, id: str) -> GoodRow:
            row = await self.request("POST", "/names", GoodRow, id=id)
            self.names.forget(id)
            self.all.forget()
            return row

        async def undeclared(self) -> list[GoodRow]:
            return await self.get("/names", list[GoodRow], ids="9")

    @resolves(Query)
    async def name(id: str, depot: Depot) -> Good | None:
        return await depot.names.find(id)

    @resolves(Query)
    async def price(id: int, depot: Depot) -> Good | None:
        return await depot.prices.load(id)

    @resolves(Query)
    async def mine(id: str, depot: Depot) -> Good:
        return await depot.mine.load(id)

    @resolves(Query)
    async def ours(id: str, depot: Depot) -> Good:
        return await depot.ours.load(id)

    @resolves(Query)
    async def news(id: str, depot: Depot) -> Good:
        return await depot.news.load(id)

    @resolves(Query)
    async def stock(id: str, depot: Depot) -> Good | None:
        return await depot.stock.find(id)

    @resolves(Query)
    async def code(id: str, depot: Depot) -> Good:
        return await depot.codes.load(id)

    @resolves(Query)
    async def pair(id: str, number: int, depot: Depot) -> str:
        return await depot.pairs.load((id, number))

    @resolves(Query)
    async def all(depot: Depot) -> list[Good]:
        return await depot.all()

    @resolves(Query)
    async def written(id: str, depot: Depot) -> Good:
        return await depot.rename(id)

    @resolves(Query)
    async def undeclared(depot: Depot) -> str:
        return (await depot.undeclared())[0].text

    @resolves(Query)
    async def language(id: str, info: Info, depot: Depot) -> str:
        return f"{(await depot.names.load(id)).text} {info.context.request.headers.get('accept-language')}"

    @resolves(Query)
    async def name_or_none(id: str, depot: Depot) -> str | None:
        try:
            return (await depot.names.load(id)).text
        except GraphError:
            return None

    @resolves(Query)
    async def echo(text: str) -> str:
        return text

    @resolves(Mutation)
    async def rename(id: str, depot: Depot) -> Good:
        return await depot.rename(id)

    @resolves(Mutation)
    async def look(id: str, depot: Depot) -> Good:
        return await depot.names.load(id)

    return graph_of({f"GRAPHFOLD_{name.upper()}": value for name, value in settings.items()})


@asynccontextmanager
async def served(graph: Graph, store: Store | None = None, *, development: bool = False) -> AsyncIterator[Shop]:
    """Run the graph behind its application, as a web server would."""
    store, clock = store or Store(), Clock()
    transport = httpx.ASGITransport(graph.app(development=development), raise_app_exceptions=False)
    async with (
        graph.running(transports=fakes(depot=store), timer=clock, chance=lambda: 0.0),
        httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client,
    ):
        with structlog.testing.capture_logs() as log:
            yield Shop(graph, store, clock, client, log)
