"""SOAP faults of the server are illness, those of the client are not; and no message is sent twice as it was."""

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


def depot(how: Resilience) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = UsernameToken(digest=True)
        resilience = how

        @read()
        async def levels(self) -> dict[str, Any]:
            return await self.invoke("GetStock", dict[str, Any], Sku=["1"])

    class Catalog(GraphQLAdapter):
        resilience = how

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


def said(code: str) -> dict[str, Any]:
    return {"errors": [{"message": "no", "extensions": {"code": code}}]}


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(("code", "asked"), [("Server", 20), ("Client", 30), ("Server.Down", 20), ("Client.Who", 30)])
async def test_a_fault_of_the_server_opens_the_breaker(code: str, asked: int, status: int) -> None:
    backend = FakeBackend({"POST /": fault(code, status)})
    async with depot(Resilience(retries=0)).running(transports=fakes(depot=backend)) as graph:
        for _ in range(30):
            await graph.execute("{ level }")
    assert len(backend.calls) == asked


@pytest.mark.parametrize(("code", "asked"), [("INTERNAL_SERVER_ERROR", 20), ("BAD_USER_INPUT", 30)])
async def test_so_does_an_error_in_an_answer_of_graphql(code: str, asked: int) -> None:
    backend = FakeBackend({"POST /": said(code)})
    async with depot(Resilience(retries=0)).running(transports=fakes(catalog=backend)) as graph:
        for _ in range(30):
            await graph.execute("{ count }")
    assert len(backend.calls) == asked


async def test_each_try_has_a_nonce_of_its_own() -> None:
    backend = FakeBackend({"POST /": fault("Server", 500)})
    async with depot(Resilience(retries=2)).running(transports=fakes(depot=backend)) as graph:
        assert codes(await graph.execute("{ level }")) == ["BACKEND_UNAVAILABLE"]
    nonces = [re.findall(rb"Nonce[^>]*>([^<]+)<", call.content) for call in backend.calls]
    assert len({nonce for [nonce] in nonces}) == len(backend.calls) == 3
