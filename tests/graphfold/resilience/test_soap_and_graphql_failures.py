"""SOAP faults and GraphQL errors: those of the server count as failures, and each attempt is signed anew."""

import re
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import GraphQLAdapter, SoapAdapter, read, resolves
from graphfold.credentials import UsernameToken
from graphfold.graph.graph import Graph
from graphfold.resilience import Resilience
from graphfold.testing import FakeBackend, fakes, graph_of
from tests.graphfold.resilience.shop import codes
from tests.graphfold.written import WSDL

pytestmark = pytest.mark.anyio

SPACE = "http://schemas.xmlsoap.org/soap/envelope/"


def depot_graph(options: Resilience) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = UsernameToken(digest=True)
        resilience = options

        @read()
        async def levels(self) -> dict[str, Any]:
            return await self.invoke("GetStock", dict[str, Any], Sku=["1"])

    class Catalog(GraphQLAdapter):
        resilience = options

        @read()
        async def count(self) -> int:
            return await self.query("{ count }", int, at="count")

    @resolves(Query)
    async def level(depot: Depot) -> str | None:
        return str(await depot.levels())

    @resolves(Query)
    async def count(catalog: Catalog) -> int | None:
        return await catalog.count()

    return graph_of()


def fault(code: str, status: int) -> httpx.Response:
    inside = f"<e:Fault><faultcode>e:{code}</faultcode><faultstring>no</faultstring></e:Fault>"
    text = f'<e:Envelope xmlns:e="{SPACE}"><e:Body>{inside}</e:Body></e:Envelope>'
    return httpx.Response(status, text=text, headers={"content-type": "text/xml"})


def graphql_error(code: str) -> dict[str, Any]:
    return {"errors": [{"message": "no", "extensions": {"code": code}}]}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(("code", "calls"), [("Server", 20), ("Client", 30), ("Server.Down", 20), ("Client.Who", 30)])
async def test_only_server_faults_open_the_breaker(code: str, calls: int, status: int) -> None:
    backend = FakeBackend({"POST /": fault(code, status)})
    async with depot_graph(Resilience(retries=0)).running(transports=fakes(depot=backend)) as graph:
        for _ in range(30):
            await graph.execute("{ level }")
    assert len(backend.calls) == calls


@pytest.mark.parametrize(("code", "calls"), [("INTERNAL_SERVER_ERROR", 20), ("BAD_USER_INPUT", 30)])
async def test_only_graphql_server_errors_open_the_breaker(code: str, calls: int) -> None:
    backend = FakeBackend({"POST /": graphql_error(code)})
    async with depot_graph(Resilience(retries=0)).running(transports=fakes(catalog=backend)) as graph:
        for _ in range(30):
            await graph.execute("{ count }")
    assert len(backend.calls) == calls


async def test_each_attempt_has_a_nonce_of_its_own() -> None:
    backend = FakeBackend({"POST /": fault("Server", 500)})
    async with depot_graph(Resilience(retries=2)).running(transports=fakes(depot=backend)) as graph:
        assert codes(await graph.execute("{ level }")) == ["BACKEND_UNAVAILABLE"]
    nonces = [re.findall(rb"Nonce[^>]*>([^<]+)<", call.content) for call in backend.calls]
    assert len({nonce for [nonce] in nonces}) == len(backend.calls) == 3
