"""Signing in: the right header on every call, one shared token, no secret in an answer or a log."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import strawberry

from graphfold import RestAdapter, read, resolves
from graphfold.credentials import ApiKey, Basic, Bearer, ClientCredentials, Credential
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, ask, fakes, graph_of

pytestmark = pytest.mark.anyio

SECRETS = {
    "GRAPHFOLD_SHOP_TOKEN": "t0ken-secret",
    "GRAPHFOLD_SHOP_USERNAME": "user-secret",
    "GRAPHFOLD_SHOP_PASSWORD": "pass-secret",
    "GRAPHFOLD_SHOP_CLIENT_ID": "client:id",
    "GRAPHFOLD_SHOP_CLIENT_SECRET": "client-secret",
}


def shop(kind: Credential) -> Graph:
    """Declare a graph of one field, over a backend with this credential."""

    @strawberry.type
    class Query:
        pass

    class Shop(RestAdapter):
        identity = "service"
        credential = kind

        @read()
        async def count(self, of: str) -> int:
            return await self.get("/count", int, of=of)

    @resolves(Query)
    async def count(of: str, shop: Shop) -> int | None:
        return await shop.count(of)

    return graph_of(SECRETS)


class Guarded(FakeBackend):
    """A backend that issues tokens t1, t2 ... and accepts only the newest."""

    def __init__(self, lives: float = 3600) -> None:
        super().__init__({"POST /token": self.token, "GET /count": self.count})
        self.lives, self.issued = lives, 0

    def token(self, request: httpx.Request) -> Any:
        self.issued += 1
        return {"access_token": f"t{self.issued}", "expires_in": self.lives, "token_type": "Bearer"}

    def count(self, request: httpx.Request) -> Any:
        return 7 if request.headers["authorization"] == f"Bearer t{self.issued}" else httpx.Response(401)

    @property
    def paths(self) -> list[str]:
        return [call.url.path for call in self.calls]


@asynccontextmanager
async def running(backend: FakeBackend, kind: Credential | None = None) -> AsyncIterator[Graph]:
    async with shop(kind or ClientCredentials("/token", scope="read")).running(transports=fakes(shop=backend)) as graph:
        yield graph


@pytest.mark.parametrize(
    ("kind", "header", "value"),
    [
        (ApiKey("X-Shop-Key"), "x-shop-key", "t0ken-secret"),
        (Bearer(), "authorization", "Bearer t0ken-secret"),
        (Basic(), "authorization", "Basic dXNlci1zZWNyZXQ6cGFzcy1zZWNyZXQ="),
    ],
)
async def test_static_credential_sends_its_header(kind: Credential, header: str, value: str) -> None:
    backend = FakeBackend({"GET /count": 7})
    async with running(backend, kind) as graph:
        assert await ask(graph, '{ count(of: "a") }') == {"count": 7}
    assert backend.calls[0].headers[header] == value


async def test_token_request_follows_rfc_6749() -> None:
    backend = Guarded()
    async with running(backend) as graph:
        await ask(graph, '{ count(of: "a") }')
    request = backend.calls[0]
    assert parse_qs(request.content.decode()) == {"grant_type": ["client_credentials"], "scope": ["read"]}
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    sent = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    assert sent == "client%3Aid:client-secret"


async def test_one_token_for_all_calls() -> None:
    backend = Guarded()
    async with running(backend) as graph:
        await asyncio.gather(*(ask(graph, f'{{ count(of: "{n}") }}') for n in range(10)))
    assert backend.paths == ["/token"] + ["/count"] * 10


async def test_token_is_renewed_at_expiry() -> None:
    backend = Guarded(lives=0)
    async with running(backend) as graph:
        for n in range(2):
            await ask(graph, f'{{ count(of: "{n}") }}')
    assert backend.paths == ["/token", "/count"] * 2


async def test_refused_token_is_renewed_once_for_concurrent_calls() -> None:
    backend = Guarded()
    async with running(backend) as graph:
        await ask(graph, '{ count(of: "first") }')
        backend.issued += 1  # the backend has forgotten the token
        together = asyncio.Barrier(5)

        async def count(request: httpx.Request) -> Any:
            if request.headers["authorization"] == "Bearer t1":
                await together.wait()  # all five are refused before one requests a new token
            return backend.count(request)

        backend.on("GET /count", count)
        answers = await asyncio.gather(*(ask(graph, f'{{ count(of: "{n}") }}') for n in range(5)))
    assert answers == [{"count": 7}] * 5
    assert backend.paths.count("/token") == 2
    assert backend.paths.count("/count") == 11


@pytest.mark.parametrize(("header", "seconds"), [({"retry-after": "30"}, 30), ({}, 1)])
async def test_token_endpoint_retry_after_is_respected(header: dict[str, str], seconds: int) -> None:
    backend, now = Guarded(), [0.0]
    backend.on("POST /token", httpx.Response(429, headers=header))
    running = shop(ClientCredentials("/token")).running(transports=fakes(shop=backend), timer=lambda: now[0])
    async with running as graph:
        answers = [await graph.execute('{ count(of: "a") }') for _ in range(30)]
        extensions = [error["extensions"] for answer in answers for error in answer.errors]
        assert {(each["code"], each.get("retryAfter")) for each in extensions} == {
            ("BACKEND_BUSY", 30 if header else None)
        }
        assert backend.paths == ["/token"]
        assert graph.state()["shop"]["breakers"]["default"]["failures"] == 0
        backend.on("POST /token", backend.token)
        now[0] = seconds - 0.1
        assert (await graph.execute('{ count(of: "a") }')).errors
        now[0] = seconds
        assert await ask(graph, '{ count(of: "a") }') == {"count": 7}


async def test_token_endpoint_429_does_not_pause_backend() -> None:
    backend, now = Guarded(lives=100), [0.0]
    running = shop(ClientCredentials("/token")).running(transports=fakes(shop=backend), timer=lambda: now[0])
    async with running as graph:
        await ask(graph, '{ count(of: "a") }')
        backend.on("POST /token", httpx.Response(429, headers={"retry-after": "20"}))
        now[0] = 80  # due for renewal, but not expired
        for n in range(5):
            assert await ask(graph, f'{{ count(of: "{n}") }}') == {"count": 7}
        assert backend.paths.count("/token") == 2


@pytest.mark.parametrize(("at_once", "sent"), [(1, 60 + 1), (32, 60 + 32)])
async def test_refused_fresh_tokens_do_not_double_calls(at_once: int, sent: int) -> None:
    """Only calls that were refused before the renewal are sent again: of 60 calls, at most the 32 concurrent ones."""
    backend, together = Guarded(), asyncio.Barrier(at_once)

    async def refuse(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer t1":
            await together.wait()
        return httpx.Response(401)

    backend.on("GET /count", refuse)
    running = shop(ClientCredentials("/token")).running(transports=fakes(shop=backend), timer=lambda: 0.0)
    async with running as graph:
        calls = [graph.execute(f'{{ count(of: "{n}") }}') for n in range(60)]
        answers = await asyncio.gather(*calls) if at_once > 1 else [await call for call in calls]
    assert {error["extensions"]["code"] for answer in answers for error in answer.errors} == {"BACKEND_CREDENTIALS"}
    assert (backend.paths.count("/count"), backend.paths.count("/token")) == (sent, 2)


async def test_identical_new_token_is_not_resent() -> None:
    token = {"access_token": "t1", "expires_in": 60}
    backend = FakeBackend({"POST /token": token, "GET /count": httpx.Response(401)})
    async with shop(ClientCredentials("/token")).running(transports=fakes(shop=backend)) as graph:
        await graph.execute('{ count(of: "a") }')
    assert [call.url.path for call in backend.calls] == ["/token", "/count", "/token"]


async def test_fresh_token_is_tried_again_after_one_second() -> None:
    backend, now = Guarded(), [0.0]
    backend.on("GET /count", httpx.Response(401))
    running = shop(ClientCredentials("/token")).running(transports=fakes(shop=backend), timer=lambda: now[0])
    async with running as graph:
        for now[0] in (0.0, 0.9, 1.0):
            await graph.execute('{ count(of: "a") }')
    assert backend.paths == ["/token", "/count", "/token", "/count", "/count", "/count", "/token", "/count"]


async def test_cancelling_the_token_requester_does_not_fail_waiters() -> None:
    backend, arrived, go_on = Guarded(), asyncio.Event(), asyncio.Event()

    async def token(request: httpx.Request) -> Any:
        arrived.set()
        await go_on.wait()
        return backend.token(request)

    backend.on("POST /token", token)
    async with running(backend) as graph:
        first = asyncio.create_task(ask(graph, '{ count(of: "a") }'))
        await arrived.wait()
        second = asyncio.create_task(ask(graph, '{ count(of: "b") }'))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert await second == {"count": 7}


async def test_credentials_refused_twice_raise_backend_credentials() -> None:
    backend = Guarded()
    backend.on("GET /count", httpx.Response(401))
    async with running(backend) as graph:
        answer = await graph.execute('{ count(of: "a") }')
    assert backend.paths == ["/token", "/count", "/token", "/count"]
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_CREDENTIALS"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (httpx.Response(400, json={"error": "invalid_client"}), "BACKEND_CREDENTIALS"),
        (httpx.Response(401), "BACKEND_CREDENTIALS"),
        (httpx.Response(503), "BACKEND_UNAVAILABLE"),
        (httpx.Response(200, html="<h1>Sign in</h1>"), "BACKEND_BAD_REPLY"),
        (httpx.Response(200, json={"token": "x"}), "BACKEND_CONTRACT"),
        (httpx.ConnectError("refused"), "BACKEND_UNAVAILABLE"),
    ],
)
async def test_failing_token_endpoint_raises_typed_error(reply: Any, code: str, log: list[Any]) -> None:
    backend = FakeBackend({"POST /token": reply, "GET /count": 7})
    async with running(backend) as graph:
        answer = await graph.execute('{ count(of: "a") }')
    assert answer.errors[0]["extensions"]["code"] == code
    assert {call.url.path for call in backend.calls} == {"/token"}
    assert not [secret for secret in ("client-secret", "client%3Aid") if secret in str(answer) + str(log)]


async def test_token_lifetime_may_be_text() -> None:
    backend = Guarded()
    backend.on("POST /token", lambda r: backend.token(r) | {"expires_in": "3600"})
    async with running(backend) as graph:
        assert await ask(graph, '{ count(of: "a") }') == {"count": 7}


@pytest.mark.parametrize("kind", [ApiKey("X-Shop-Key"), Bearer(), Basic()])
@pytest.mark.parametrize("reply", [httpx.Response(500, text="t0ken-secret"), httpx.ReadError("t0ken-secret")])
async def test_no_secret_in_an_answer(kind: Credential, reply: Any) -> None:
    async with running(FakeBackend({"GET /count": reply}), kind) as graph:
        answer = await graph.execute('{ count(of: "a") }')
    assert "secret" not in str(answer)
    assert not [secret for secret in SECRETS.values() if secret in repr(graph.backends)]
