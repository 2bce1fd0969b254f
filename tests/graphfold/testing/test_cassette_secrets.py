"""Cassettes of whole graphs: no credential that a graph signs in with is in the file, however it is spelled."""

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

SECRET = 'canary,"/<&>+=%41-0123456789'
ISSUED = "issued-canary-0123456789"
CALLER_TOKEN = "caller-canary-0123456789"
SECRET_SETTINGS = ("TOKEN", "PASSWORD", "CLIENT_SECRET", "SECRET_KEY")
NAME_SETTINGS = ("USERNAME", "CLIENT_ID", "KEY_ID")


class Stamped(Credential):
    """A credential that declares neither its place nor its secrets."""

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


def settings(backend: str, secret: str) -> dict[str, str]:
    values = dict.fromkeys(SECRET_SETTINGS, secret) | dict.fromkeys(NAME_SETTINGS, "gateway")
    return {f"GRAPHFOLD_{backend}_{name}": value for name, value in values.items()}


def spelled(secret: str) -> list[str]:
    """Return the spellings in which a backend may repeat a secret."""
    padded = [b64encode(f"{'x' * before}{secret}yyy".encode()).decode() for before in range(3)]
    urls = [quote(secret, safe=""), quote_plus(secret), urlencode({"": secret}, safe=",")[1:], quote(secret).lower()]
    quoted = [json.dumps(secret)[1:-1], escape(secret), escape(secret, {'"': "&quot;"})]
    return [secret, *urls, *quoted, *padded, urlsafe_b64encode(f"???{secret}".encode()).decode()]


def traces(secret: str) -> list[str]:
    """Return what must not be in the file: each spelling, and of those in base64 the middle."""
    spellings = spelled(secret)
    return [*spellings[:8], *(text[8:28] for text in spellings[8:])]


def echo(request: httpx.Request) -> httpx.Response:
    """Reply with the request's headers and address, and with every secret of the backend."""
    repeated = {
        "lists": [spelled(SECRET)],
        SECRET: 1,
        "signedIn": dict(request.headers),
        "at": str(request.url),
    }
    headers = {
        "link": f"<https://shop.test/echo?page=2&key=brief>; rel=next, <{request.url}>",
        "etag": quote(SECRET),
    }
    return httpx.Response(200, json=repeated | {"issued": ISSUED, "count": 7}, headers=headers)


def shop(kind: Credential, secret: str = SECRET) -> Graph:
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

    return graph_of(settings("SHOP", secret))


async def counted(graph: Graph, transports: Any, of: str) -> Any:
    async with graph.running(transports=transports):
        answer = await graph.execute(
            "query ($of: String!) { count(of: $of) }", {"of": of}, headers={"authorization": f"Bearer {CALLER_TOKEN}"}
        )
    assert not answer.errors, answer.errors
    return answer.data


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_credentials_of_a_graph_are_not_in_the_file(kind: Credential, tmp_path: Path) -> None:
    backend = FakeBackend({"POST /echo": echo, "POST /token": {"access_token": ISSUED, "expires_in": 60}})
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=backend))
    assert await counted(shop(kind), recording, SECRET) == {"count": 7}
    also_secret = [CALLER_TOKEN] if kind is KINDS["caller"] else [ISSUED] if kind is KINDS["oauth2"] else []
    written = (tmp_path / "a.json").read_text()
    assert not [trace for secret in (SECRET, *also_secret) for trace in traces(secret) if trace in written]
    assert ("key=brief" in written) is (kind is not KINDS["query"])
    assert "page=2" in written


OTHER_SECRETS = [
    *((kind, "another-secret-0123456789") for kind in KINDS),
    *((kind, word) for kind in ("header", "query", "basic", "hmac") for word in ("customer", "as", SECRET)),
]


@pytest.mark.parametrize(("kind", "secret"), OTHER_SECRETS)
async def test_recording_is_replayed_with_other_credentials(kind: str, secret: str, tmp_path: Path) -> None:
    """The secret of the replay may well be a word of the request, such as "customer"."""
    routes = {"POST /echo": {"count": 7}, "POST /token": {"access_token": ISSUED, "expires_in": 60}}
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=FakeBackend(routes)))
    assert await counted(shop(KINDS[kind]), recording, "every customer") == {"count": 7}
    with declaring():
        assert await counted(shop(KINDS[kind], secret), Cassette(tmp_path / "a.json"), "every customer") == {"count": 7}


async def test_miss_shows_no_secret(tmp_path: Path) -> None:
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(shop=FakeBackend({"POST /echo": echo})))
    await counted(shop(ApiKey(query="key")), recording, "all")
    with declaring(), pytest.raises(AssertionError) as missed:
        await counted(shop(ApiKey(query="key")), Cassette(tmp_path / "a.json"), SECRET)
    assert not [trace for trace in traces(SECRET) if trace in str(missed.value).partition("assert")[0]]


@pytest.mark.parametrize("kind", [UsernameToken(), UsernameToken(digest=True)], ids=["text", "digest"])
async def test_credentials_of_a_soap_message_are_not_in_the_file(kind: Credential, tmp_path: Path) -> None:
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
        texts = "".join(f"<said>{escape(text)}</said>" for text in (request.content.decode(), *spelled(SECRET)))
        body = f'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>{texts}</e:Fault>'
        return httpx.Response(500, text=f"{body}</e:Body></e:Envelope>", headers={"content-type": "text/xml"})

    graph = graph_of(settings("DEPOT", SECRET))
    recording = Cassette(tmp_path / "a.json", record=True, transports=fakes(depot=FakeBackend({"POST /": fault})))
    async with graph.running(transports=recording):
        await graph.execute("query ($sku: String!) { stock(sku: $sku) }", {"sku": SECRET})
    written = (tmp_path / "a.json").read_text()
    assert "GetStock" in written and "<said>" in written
    assert not [trace for trace in traces(SECRET) if trace in written]
