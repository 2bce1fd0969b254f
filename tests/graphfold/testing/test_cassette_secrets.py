"""Canaries on a cassette: whatever a graph signs in with, and whatever has a telling name, is not in the file."""

import json
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode
from xml.sax.saxutils import escape

import httpx
import pytest
import strawberry

from graphfold import RestAdapter, SoapAdapter, read, resolves
from graphfold.credentials import (
    AllOf,
    ApiKey,
    Basic,
    Bearer,
    Call,
    ClientCredentials,
    Credential,
    HmacSignature,
    PassThrough,
    Session,
    UsernameToken,
)
from graphfold.graph.graph import Graph
from graphfold.testing import Cassette, FakeBackend, declaring, fakes, graph_of
from tests.graphfold.written import WSDL

pytestmark = pytest.mark.anyio

SECRET_MARKER = 'canary,"/<&>+=%41-0123456789'
ISSUED = "issued-canary-0123456789"
OF_CALLER = "caller-canary-0123456789"
PROOFS = ("TOKEN", "PASSWORD", "CLIENT_SECRET", "SECRET_KEY")
NAMES = ("USERNAME", "CLIENT_ID", "KEY_ID")


class Stamped(Credential):
    """One that says neither where it stands nor what is secret of it."""

    needs = ("token",)

    def session(self, access: Any) -> Session:
        token = access.settings.token.text

        class Stamping(Session):
            def signed(self, call: Call) -> Call:
                return call.adding({"x-stamp": quote(token)})

        return Stamping()


KINDS: dict[str, Credential] = {
    "header": ApiKey("X-Key"),
    "query": ApiKey(query="key"),
    "bearer": Bearer(),
    "basic": Basic(),
    "caller": PassThrough(),
    "oauth2": ClientCredentials("/token"),
    "hmac": HmacSignature(),
    "several": AllOf(HmacSignature(), Basic()),
    "own": Stamped(),
}


def settings(backend: str, proof: str) -> dict[str, str]:
    told = dict.fromkeys(PROOFS, proof) | dict.fromkeys(NAMES, "gateway")
    return {f"GRAPHFOLD_{backend}_{name}": value for name, value in told.items()}


def spelled(secret: str) -> list[str]:
    """The ways in which others write it."""
    padded = [b64encode(f"{'x' * before}{secret}yyy".encode()).decode() for before in range(3)]
    urls = [quote(secret, safe=""), quote_plus(secret), urlencode({"": secret}, safe=",")[1:], quote(secret).lower()]
    quoted = [json.dumps(secret)[1:-1], escape(secret), escape(secret, {'"': "&quot;"})]
    return [secret, *urls, *quoted, *padded, urlsafe_b64encode(f"???{secret}".encode()).decode()]


def traces(secret: str) -> list[str]:
    """What must not be found: all of it, and what base64 has of its middle."""
    whole = spelled(secret)
    return [*whole[:8], *(text[8:28] for text in whole[8:])]


def telling(request: httpx.Request) -> httpx.Response:
    """It tells all it was sent, and all that it knows."""
    known = {
        "lists": [spelled(SECRET_MARKER)],
        SECRET_MARKER: 1,
        "signedIn": dict(request.headers),
        "at": str(request.url),
    }
    headers = {
        "link": f"<https://shop.test/echo?page=2&key=brief>; rel=next, <{request.url}>",
        "etag": quote(SECRET_MARKER),
    }
    return httpx.Response(200, json=known | {"issued": ISSUED, "count": 7}, headers=headers)


def shop(kind: Credential, proof: str = SECRET_MARKER) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        credential = kind

        @read()
        async def count(self, of: str) -> int:
            return await self.request("POST", "/echo", int, at="count", json={"of": of, "note": f"as {of}"}, page=of)

    @resolves(Query)
    async def count(of: str, shop: Shop) -> int | None:
        return await shop.count(of)

    return graph_of(settings("SHOP", proof))


async def counted(graph: Graph, transports: Any, of: str) -> Any:
    async with graph.running(transports=transports):
        answer = await graph.execute(
            "query ($of: String!) { count(of: $of) }", {"of": of}, headers={"authorization": f"Bearer {OF_CALLER}"}
        )
    assert not answer.errors, answer.errors
    return answer.data


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_what_a_graph_signs_in_with_is_not_in_the_file(kind: Credential, tmp_path: Path) -> None:
    backend = FakeBackend({"POST /echo": telling, "POST /token": {"access_token": ISSUED, "expires_in": 60}})
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=backend))
    assert await counted(shop(kind), recording, SECRET_MARKER) == {"count": 7}
    sent = [OF_CALLER] if kind is KINDS["caller"] else [ISSUED] if kind is KINDS["oauth2"] else []
    written = (tmp_path / "a.json").read_text()
    assert not [trace for secret in (SECRET_MARKER, *sent) for trace in traces(secret) if trace in written]
    assert ("key=brief" in written) is (kind is not KINDS["query"])
    assert "page=2" in written


@pytest.mark.parametrize("proof", ["another-secret-0123456789", "customer", "as", SECRET_MARKER])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_it_is_replayed_whatever_is_secret_then(kind: Credential, proof: str, tmp_path: Path) -> None:
    """A token of a test may well be a word of the request."""
    routes = {"POST /echo": {"count": 7}, "POST /token": {"access_token": ISSUED, "expires_in": 60}}
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=FakeBackend(routes)))
    assert await counted(shop(kind), recording, "every customer") == {"count": 7}
    with declaring():
        assert await counted(shop(kind, proof), Cassette(tmp_path / "a.json"), "every customer") == {"count": 7}


async def test_a_miss_shows_no_secret(tmp_path: Path) -> None:
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=FakeBackend({"POST /echo": telling})))
    await counted(shop(ApiKey(query="key")), recording, "all")
    with declaring(), pytest.raises(AssertionError) as missed:
        await counted(shop(ApiKey(query="key")), Cassette(tmp_path / "a.json"), SECRET_MARKER)
    assert not [trace for trace in traces(SECRET_MARKER) if trace in str(missed.value).partition("assert")[0]]


@pytest.mark.parametrize("kind", [UsernameToken(), UsernameToken(digest=True)], ids=["text", "digest"])
async def test_what_a_soap_message_is_signed_with_is_not_in_the_file(kind: Credential, tmp_path: Path) -> None:
    @strawberry.type
    class Query:
        pass

    class Depot(SoapAdapter):
        wsdl = WSDL
        credential = kind

        @read()
        async def stock(self, sku: str) -> str:
            return await self.invoke("GetStock", str, Sku=sku)

    @resolves(Query)
    async def stock(sku: str, depot: Depot) -> str | None:
        return await depot.stock(sku)

    def fault(request: httpx.Request) -> httpx.Response:
        told = "".join(f"<said>{escape(text)}</said>" for text in (request.content.decode(), *spelled(SECRET_MARKER)))
        body = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>{told}</e:Fault>'
        return httpx.Response(500, text=f"{body}</e:Body></e:Envelope>", headers={"content-type": "text/xml"})

    graph = graph_of(settings("DEPOT", SECRET_MARKER))
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(depot=FakeBackend({"POST /": fault})))
    async with graph.running(transports=recording):
        await graph.execute("query ($sku: String!) { stock(sku: $sku) }", {"sku": SECRET_MARKER})
    written = (tmp_path / "a.json").read_text()
    assert "GetStock" in written and "<said>" in written
    assert not [trace for trace in traces(SECRET_MARKER) if trace in written]
