"""Writes that may not be made twice, in every protocol: the reference graph has none, for all of its own may be."""

from collections.abc import Mapping
from pathlib import Path

import strawberry

from adapters import inventory as depot
from graphfold import GraphQLAdapter, RestAdapter, SoapAdapter, resolves, write
from graphfold.credentials import ApiKey, Bearer, UsernameToken
from graphfold.graph.graph import Graph
from graphfold.testing import declaring, graph_of

__all__ = ["WRITTEN", "written"]

WRITTEN = ("shop", "catalog", "inventory")


def written(environment: Mapping[str, str]) -> Graph:
    """A graph with the mutations `shop`, `catalog` and `inventory`, each one call that is not declared idempotent."""
    with declaring():

        @strawberry.type
        class Query:
            pass

        @strawberry.type
        class Mutation:
            pass

        class Shop(RestAdapter):
            credential = ApiKey("X-Shop-Key")

            @write()
            async def note(self) -> int:
                body = {"customer": "10001", "items": [{"sku": "00012345", "qty": 1}]}
                await self.request("POST", "/orders", dict[str, object], json=body, headers={"idempotency-key": "once"})
                return 1

        class Catalog(GraphQLAdapter):
            credential = Bearer()

            @write()
            async def note(self) -> int:
                document = '{ productsBySku(skus: ["00012345"]) { skuCode } }'
                return len(await self.query(document, list[dict[str, str]], at="productsBySku"))

        class Inventory(SoapAdapter):
            credential = UsernameToken(digest=True)
            wsdl = Path(depot.__file__).with_name("inventory.wsdl")

            @write()
            async def note(self) -> int:
                return len(await self.invoke("GetStock", list[dict[str, object]], Sku=["00012345"]))

        @resolves(Query)
        def nothing() -> int | None:
            return None

        @resolves(Mutation)
        async def shop(backend: Shop) -> int | None:
            return await backend.note()

        @resolves(Mutation)
        async def catalog(backend: Catalog) -> int | None:
            return await backend.note()

        @resolves(Mutation)
        async def inventory(backend: Inventory) -> int | None:
            return await backend.note()

        return graph_of(environment)
