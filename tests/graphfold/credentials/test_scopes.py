"""Each operation's token has the scope that the operation needs, and no more."""

from base64 import b64decode
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import strawberry

from graphfold import RestAdapter, SoapAdapter, read, resolves, write
from graphfold.credentials import ClientCredentials
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, ask, fakes, graph_of

pytestmark = pytest.mark.anyio

WSDL = Path(__file__).parents[1] / "stock.wsdl"


def orders(**settings: str) -> Graph:
    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Mutation:
        pass

    class Orders(RestAdapter):
        credential = ClientCredentials("/token", scope="basic")

        @read(scope="orders:read customers:read")
        async def count(self) -> int:
            return await self.get("/count", int)

        @read(scope="customers:read orders:read")
        async def sum(self) -> int:
            return await self.get("/sum", int)

        @read()
        async def state(self) -> int:
            return await self.get("/state", int)

        @write(scope="orders:write")
        async def cancel(self) -> int:
            return await self.request("POST", "/cancel", int)

    @resolves(Query)
    async def count(orders: Orders) -> int:
        return await orders.count()

    @resolves(Query)
    async def sum(orders: Orders) -> int:
        return await orders.sum()

    @resolves(Query)
    async def state(orders: Orders) -> int:
        return await orders.state()

    @resolves(Mutation)
    async def cancel(orders: Orders) -> int:
        return await orders.cancel()

    return graph_of(settings)


class Issuing(FakeBackend):
    """A backend whose tokens are the text of their scope."""

    def __init__(self) -> None:
        routes = dict.fromkeys(("GET /count", "GET /sum", "GET /state", "POST /cancel"), 7)
        super().__init__({"POST /token": self.issue, "POST /elsewhere": self.issue, **routes})

    def issue(self, request: httpx.Request) -> Any:
        scope = parse_qs(request.content.decode())["scope"][0]
        return {"access_token": scope.replace(" ", "+"), "expires_in": 3600}

    def shown(self) -> dict[str, str]:
        calls = [call for call in self.calls if "token" not in call.url.path and "else" not in call.url.path]
        return {call.url.path: call.headers["authorization"].removeprefix("Bearer ") for call in calls}


async def test_each_set_of_scopes_has_its_own_token() -> None:
    backend = Issuing()
    async with orders().running(transports=fakes(orders=backend)) as graph:
        await ask(graph, "{ count sum state }")
        await ask(graph, "mutation { cancel }")
    both = "customers:read+orders:read"
    assert backend.shown() == {"/count": both, "/sum": both, "/state": "basic", "/cancel": "orders:write"}
    assert [call.url.path for call in backend.calls].count("/token") == 3


async def test_token_url_may_be_another_host() -> None:
    backend = Issuing()
    elsewhere = {"GRAPHFOLD_ORDERS_TOKEN_URL": "https://login.test/elsewhere"}
    async with orders(**elsewhere).running(transports=fakes(orders=backend)) as graph:
        await ask(graph, "{ state }")
    assert [str(call.url) for call in backend.calls] == ["https://login.test/elsewhere", "https://orders.test/state"]
    assert "Basic" in backend.calls[0].headers["authorization"]


async def test_soap_adapter_uses_scoped_tokens() -> None:
    @strawberry.type
    class Query:
        pass

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = ClientCredentials("/token")

        @read(scope="stock:read")
        async def stock(self) -> str:
            return await self.invoke("GetStock", str, Sku="a")

    @resolves(Query)
    async def stock(depot: Depot) -> str | None:
        return await depot.stock()

    issued = iter(["t1", "t2"])
    backend = FakeBackend({"POST /": httpx.Response(401)})
    backend.on("POST /token", lambda _: {"access_token": next(issued), "expires_in": 60})
    async with graph_of().running(transports=fakes(depot=backend)) as graph:
        answer = await graph.execute("{ stock }")
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_CREDENTIALS"
    paths = [call.url.path for call in backend.calls]
    assert paths == ["/token", "/", "/token", "/"], "one renewal, then the refusal is raised"
    assert backend.calls[1].headers["authorization"] == "Bearer t1"
    assert parse_qs(backend.calls[0].content.decode())["scope"] == ["stock:read"]
    assert (
        b64decode(backend.calls[0].headers["authorization"].removeprefix("Basic "))
        == b"depot-client_id:depot-client_secret"
    )
