"""SOAP security headers: fresh for each attempt, and no secret in an answer or a log."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import SoapAdapter, read, resolves
from graphfold.credentials import AllOf, Credential, PassThrough, Timestamp, UsernameToken, WsSecurity
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, fakes, graph_of

pytestmark = pytest.mark.anyio

WSDL = Path(__file__).parents[1] / "stock.wsdl"
CANARY = "canary-<&>-0123456789"
SETTINGS = {"GRAPHFOLD_DEPOT_USERNAME": "gateway", "GRAPHFOLD_DEPOT_PASSWORD": CANARY}
KINDS = [
    UsernameToken(),
    UsernameToken(digest=True),
    WsSecurity(Timestamp(), UsernameToken()),
    AllOf(PassThrough(), UsernameToken(digest=True)),
]
FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>e:{}</faultcode>'
    "<faultstring>{}</faultstring></e:Fault></e:Body></e:Envelope>"
)


def depot(kind: Credential) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = kind

        @read()
        async def stock(self) -> str:
            return await self.invoke("GetStock", str, Sku="a")

    @resolves(Query)
    async def stock(depot: Depot) -> str | None:
        return await depot.stock()

    return graph_of(SETTINGS)


def fault(request: httpx.Request, code: str = "Client", status: int = 500) -> httpx.Response:
    """Return a fault that repeats the request and the shared secret."""
    text = f"{request.headers} {request.content.decode()} {CANARY}".replace("&", "&amp;").replace("<", "&lt;")
    return httpx.Response(status, headers={"content-type": "text/xml"}, text=FAULT.format(code, text))


async def run(kind: Credential, reply: Any) -> tuple[Any, FakeBackend]:
    backend = FakeBackend({"POST /": reply})
    async with depot(kind).running(transports=fakes(depot=backend)) as graph:
        return await graph.execute("{ stock }", headers={"authorization": f"Bearer {CANARY}"}), backend


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    "reply",
    [
        fault,
        lambda r: fault(r, "Server"),
        lambda r: fault(r, status=200),
        lambda r: fault(r, status=401),
        lambda r: httpx.Response(200, html=r.content.decode()),
        lambda r: httpx.Response(200, headers={"content-type": "text/xml"}, text=r.content.decode()),
        lambda r: httpx.Response(307, headers={"location": "https://evil.test/"}, text=r.content.decode()),
    ],
    ids=["client", "server", "in 200", "refused", "page", "echo", "redirect"],
)
async def test_no_canary_gets_out(kind: Credential, reply: Any, log: list[Any]) -> None:
    answer, backend = await run(kind, reply)
    assert answer.errors
    assert {call.url.host for call in backend.calls} == {"depot.test"}, "neither the WSDL's address nor a redirect's"
    assert not [form for form in (CANARY, "canary-&lt;", "canary-&amp;") if form in f"{answer} {log}"]


async def test_every_attempt_has_a_fresh_security_header() -> None:
    _, backend = await run(WsSecurity(Timestamp(), UsernameToken(digest=True)), lambda _: httpx.Response(503))
    sent = [call.content.decode() for call in backend.calls]
    assert len(sent) > 1, "a read is retried"
    for part in (r"<wsse:Nonce[^>]*>([^<]+)<", r'wsu:Id="(TS-[^"]+)"', r"<wsse:Password[^>]*>([^<]+)<"):
        assert len({re.findall(part, message)[0] for message in sent}) == len(sent)
