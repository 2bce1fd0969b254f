"""Canary secrets that a backend repeats reach no answer, log, trace, plan or repr."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import Reply, RestAdapter, read, resolves
from graphfold.credentials import (
    AllOf,
    ApiKey,
    Basic,
    Bearer,
    ClientCredentials,
    Credential,
    HmacSignature,
    PassThrough,
)
from graphfold.errors import BackendRejected, GraphError
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, fakes, graph_of
from graphfold.transport.redaction import secret_forms

pytestmark = pytest.mark.anyio

CANARY = 'canary-"/<&>+=%41-0123456789'
ISSUED = "issued-canary-0123456789"
KINDS: dict[str, Credential] = {
    "header": ApiKey("X-Key"),
    "query": ApiKey(query="key"),
    "bearer": Bearer(),
    "basic": Basic(),
    "caller": PassThrough(),
    "oauth2": ClientCredentials("/token"),
    "hmac": HmacSignature(),
    "several": AllOf(HmacSignature(), Basic()),
}
SETTINGS = {
    "GRAPHFOLD_SHOP_TOKEN": CANARY,
    "GRAPHFOLD_SHOP_USERNAME": "gateway",
    "GRAPHFOLD_SHOP_PASSWORD": CANARY,
    "GRAPHFOLD_SHOP_CLIENT_ID": "gateway",
    "GRAPHFOLD_SHOP_CLIENT_SECRET": CANARY,
    "GRAPHFOLD_SHOP_KEY_ID": "gateway",
    "GRAPHFOLD_SHOP_SECRET_KEY": CANARY,
}
FORBIDDEN = (
    CANARY,
    json.dumps(CANARY)[1:-1],
    str(httpx.QueryParams({"": CANARY}))[1:],
    "canary-%22",
    "canary-&",
    b64encode(f"gateway:{CANARY}".encode()).decode(),
    ISSUED,
)


def echo_text(request: httpx.Request) -> str:
    """Return all that the backend knows: the request and the shared secret."""
    return f"{request.method} {request.url} {dict(request.headers)} {request.content.decode()} {CANARY}"


def as_json(request: httpx.Request) -> Any:
    return {"echo": echo_text(request)}


TROUBLES: dict[str, Callable[[httpx.Request], Any]] = {
    "echoed as data": as_json,
    "echoed in a header": lambda r: httpx.Response(422, headers={"x-echo": echo_text(r)}, json={}),
    "echoed as the media type": lambda r: httpx.Response(200, headers={"content-type": echo_text(r)}, content=b"x"),
    "not the shape": lambda r: [echo_text(r)],
    "no JSON": lambda r: httpx.Response(200, html=echo_text(r)),
    "refused": lambda r: httpx.Response(401, json=as_json(r)),
    "forbidden": lambda r: httpx.Response(403, text=echo_text(r)),
    "rejected": lambda r: httpx.Response(422, json=as_json(r)),
    "failed": lambda r: httpx.Response(500, text=echo_text(r)),
    "busy": lambda r: httpx.Response(429, text=echo_text(r), headers={"retry-after": "60"}),
    "redirected": lambda r: httpx.Response(
        307, headers={"location": str(r.url), "x-echo": echo_text(r)}, text=echo_text(r)
    ),
    "late": lambda r: httpx.ReadTimeout(echo_text(r)),
    "lost": lambda r: httpx.ReadError(echo_text(r)),
    "met by a defect": lambda r: httpx.Response(409, headers={"x-echo": echo_text(r)}, json=as_json(r)),
}


def shop(kind: Credential) -> Graph:
    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        credential = kind

        @read()
        async def echo(self) -> str:
            return await self.get("/echo", str, at="echo")

        def problem(self, reply: Reply) -> GraphError:
            """Put the whole reply into errors, as a careless author would."""
            if reply.status == 422:
                text = f"{reply.body.decode()} {dict(reply.headers)}"
                return BackendRejected(text, internal=text, detail={"echo": text})
            if reply.status == 409:
                raise ValueError(str(reply.headers)) from KeyError(reply.body)
            return super().problem(reply)

    @resolves(Query)
    async def echo(shop: Shop) -> str | None:
        return await shop.echo()

    return graph_of(SETTINGS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
async def test_no_canary_gets_out(
    kind: Credential, trouble: Callable[[httpx.Request], Any], log: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    backend = FakeBackend({"GET /echo": trouble, "POST /token": {"access_token": ISSUED, "expires_in": 60}})
    graph = shop(kind)
    graph.documents.development = True
    headers = {"authorization": f"Bearer {CANARY}", "graphfold-explain": "plan, trace"}
    async with graph.running(transports=fakes(shop=backend)):
        answer = await graph.execute("{ echo }", headers=headers)
    seen: list[Any] = [answer, answer.data, answer.errors, answer.extensions, log, capsys.readouterr()]
    seen += [graph.backends, graph.explain("{ echo }"), kind, vars(kind), *graph.adapters]
    assert [call for call in backend.calls if call.url.path == "/echo"]
    assert not [canary for canary in FORBIDDEN for each in seen if canary in f"{each} {each!r}"]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
async def test_a_redirect_is_not_followed(kind: Credential) -> None:
    elsewhere = {"location": "https://evil.test/echo"}
    routes = {"GET /echo": httpx.Response(307, headers=elsewhere), "POST /token": {"access_token": ISSUED}}
    backend = FakeBackend(routes)
    async with shop(kind).running(transports=fakes(shop=backend)) as graph:
        answer = await graph.execute("{ echo }", headers={"authorization": f"Bearer {CANARY}"})
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_BAD_REPLY"
    assert {call.url.host for call in backend.calls} == {"shop.test"}
    assert len([call for call in backend.calls if call.url.path == "/echo"]) == 1


async def test_a_redirect_of_the_token_request_is_not_followed() -> None:
    backend = FakeBackend({"POST /token": httpx.Response(307, headers={"location": "https://evil.test/token"})})
    async with shop(ClientCredentials("/token")).running(transports=fakes(shop=backend)) as graph:
        answer = await graph.execute("{ echo }")
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"
    assert {str(call.url) for call in backend.calls} == {"https://shop.test/token"}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
async def test_no_canary_of_the_token_request_gets_out(trouble: Callable[[httpx.Request], Any], log: list[Any]) -> None:
    backend = FakeBackend({"POST /token": trouble})
    async with shop(ClientCredentials("/token")).running(transports=fakes(shop=backend)) as graph:
        answer = await graph.execute("{ echo }")
    assert answer.errors
    assert not [canary for canary in FORBIDDEN if canary in f"{answer} {log}"]


async def test_text_without_secrets_is_not_redacted() -> None:
    backend = FakeBackend({"GET /echo": {"echo": "gateway canary Bearer"}})
    async with shop(Bearer()).running(transports=fakes(shop=backend)) as graph:
        answer = await graph.execute("{ echo }")
    assert answer.data == {"echo": "gateway canary Bearer"}


SESSION = "7d1c0e5a-4a7e-4c31-9f0b-2f8f6a1d9b11"


@pytest.mark.parametrize("status", [200, 422])
async def test_propagated_caller_credentials_are_redacted_in_replies(status: int, log: list[Any]) -> None:
    """A backend may repeat single cookies. A short value may be an ordinary word, so it is not redacted on its own."""

    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        propagates = ("cookie", "authorization")

        @read()
        async def echo(self) -> str:
            return await self.get("/echo", str, at="echo")

        def problem(self, reply: Reply) -> GraphError:
            return BackendRejected(reply.body.decode())

    @resolves(Query)
    async def echo(shop: Shop) -> str | None:
        return await shop.echo()

    def repeat(request: httpx.Request) -> httpx.Response:
        cookies = dict(pair.split("=") for pair in request.headers["cookie"].split("; "))
        return httpx.Response(status, json={"echo": f"Hannover, {cookies['session']} {dict(request.headers)}"})

    headers = {"cookie": f"session={SESSION}; town=Hannover", "authorization": f"Bearer {ISSUED}"}
    async with graph_of().running(transports=fakes(shop=FakeBackend({"GET /echo": repeat}))) as graph:
        answer = await graph.execute("{ echo }", headers=headers)
    seen = f"{answer.data} {answer.errors} {log}"
    assert "Hannover" in seen
    assert SESSION not in seen and ISSUED not in seen and "town=Hannover" not in seen


async def test_caller_secrets_are_not_kept_after_the_call() -> None:
    backend = FakeBackend({"GET /echo": {"echo": "hello"}})
    secret_forms.cache_clear()
    async with shop(PassThrough()).running(transports=fakes(shop=backend)) as graph:
        await graph.execute("{ echo }", headers={"authorization": f"Bearer {CANARY}"})
    assert secret_forms.cache_info().currsize == 0
