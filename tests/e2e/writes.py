"""Non-idempotent writes in every protocol, which the reference graph hardly has."""

from collections.abc import Mapping
from pathlib import Path

import strawberry

from adapters import billing as ledger
from adapters import inventory as depot
from graphfold import GraphQLAdapter, RestAdapter, SoapAdapter, resolves, write
from graphfold.credentials import ApiKey, Basic, Bearer, UsernameToken
from graphfold.graph.graph import Graph
from graphfold.testing import declaring, graph_of

__all__ = ["WRITTEN", "written"]

WRITTEN = ("shop", "catalog", "inventory", "billing")
"""The marketing takes GETs only, which may be repeated, and the CRM's calls for tokens are counted with the others."""


def written(environment: Mapping[str, str]) -> Graph:
    """A graph with a mutation for each of them, named as it is: one call that is not declared idempotent."""
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
                headers = {"idempotency-key": "once"}
                await self.request("POST", "/orders", str, at="orderNo", json=body, headers=headers)
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
                await self.invoke("Reserve", str, at="ReservationNo", Sku="00012345", Quantity=1)
                return 1

        class Billing(SoapAdapter):
            credential = Basic()
            wsdl = Path(ledger.__file__).with_name("billing.wsdl")

            @write()
            async def note(self) -> int:
                return len(await self.invoke("GetInvoice", dict[str, object], InvoiceNo="2026-000001"))

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

        @resolves(Mutation)
        async def billing(backend: Billing) -> int | None:
            return await backend.note()

        return graph_of(environment)
