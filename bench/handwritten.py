"""`python -m bench.handwritten`: the same graph as a good engineer writes it in a day, without graphfold.

Strawberry, FastAPI, httpx, zeep and aiodataloader, each used as its documentation says: one DataLoader per relation,
parsing and validation cached, clients and WSDLs opened once, answers written by orjson. It is the baseline: it reads
the same settings, makes the same calls, gives the same answers to the measured queries, and shares no code.
Its types, loaders and clients are in `bench/twin/`.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import strawberry
import uvicorn
from fastapi import FastAPI, Request
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.fastapi import GraphQLRouter
from strawberry.schema.config import StrawberryConfig

from bench.ready import Server
from bench.twin.backends import Backends
from bench.twin.catalog import PRODUCT, Currency, Product, product_from
from bench.twin.customers import Customer, Info, customer_from
from bench.twin.lists import Connection, CountedConnection, behind, counted, key_of, page
from bench.twin.loaders import Loaders

SEARCH = (
    "query ($text: String, $limit: Int, $cursor: String) {"
    " searchProducts(text: $text, limit: $limit, cursor: $cursor) {"
    f" total hasMore hits {{ cursor product {{ {PRODUCT} }} }} }} }}"
)


@strawberry.type
class Query:
    @strawberry.field
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:  # noqa: A002  # the graph calls it so
        found: Customer | None = await info.context["loaders"].customers.load(key_of(id))
        if found is None:
            raise ValueError("There is no such customer.")
        return found

    @strawberry.field
    async def customers(
        self, info: Info, first: int = 20, after: str | None = None, search: str | None = None
    ) -> Connection[Customer] | None:
        crm = info.context["backends"].crm
        found = await crm.customers(limit=max(first, 1), after=behind(after), search=search)
        records = found["records"][:first]
        positions = [record["position"] for record in records]
        return page([customer_from(record) for record in records], positions, found["hasMore"], after)

    @strawberry.field
    async def products(
        self, info: Info, first: int = 20, after: str | None = None, search: str | None = None
    ) -> CountedConnection[Product] | None:
        asked = {"text": search, "limit": max(first, 1), "cursor": behind(after)}
        found = (await info.context["backends"].catalog.ask(SEARCH, **asked))["searchProducts"]
        hits = found["hits"][:first]
        nodes, positions = [product_from(hit["product"]) for hit in hits], [hit["cursor"] for hit in hits]
        return counted(nodes, positions, found["total"], found["hasMore"], after)


def utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


SCALARS: dict[object, Any] = {
    Decimal: strawberry.scalar(name="Decimal", serialize=str, parse_value=Decimal),
    datetime: strawberry.scalar(name="DateTime", serialize=utc, parse_value=datetime.fromisoformat),
    date: strawberry.scalar(name="Date", serialize=date.isoformat, parse_value=date.fromisoformat),
    Currency: strawberry.scalar(name="Currency", serialize=str, parse_value=str),
}

schema = strawberry.Schema(
    Query,
    config=StrawberryConfig(scalar_map=SCALARS),
    extensions=[ParserCache, ValidationCache],
)


class Router(GraphQLRouter[Any, None]):
    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


async def context(request: Request) -> dict[str, Any]:
    backends = request.app.state.backends
    return {"backends": backends, "loaders": Loaders(backends)}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.backends = await asyncio.to_thread(Backends)
    yield
    await app.state.backends.close()


def create_app() -> FastAPI:
    app = FastAPI(lifespan=lifespan)
    app.include_router(Router(schema, context_getter=context, graphql_ide=None), prefix="/graphql")
    return app


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench.handwritten", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    config = uvicorn.Config(create_app(), port=options.port, log_level="warning", access_log=False)
    Server(config).run()


if __name__ == "__main__":
    main()
