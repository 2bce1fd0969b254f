"""Caller credentials reach the backend, and replies stay with their caller."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from graphfold.credentials import PassThrough
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend
from tests.graphfold.credentials.conftest import Open

pytestmark = pytest.mark.anyio

PRICES = {"Bearer ann": {"a": 1}, "Bearer bob": {"a": 2}}


def shop() -> FakeBackend:
    def prices(request: httpx.Request) -> Any:
        return PRICES.get(request.headers["authorization"]) or httpx.Response(401, text=str(request.headers))

    return FakeBackend({"GET /prices": prices, "GET /count": 7})


async def price(graph: Graph, **headers: str) -> Any:
    answer = await graph.execute('{ price(sku: "a") }', headers=headers)
    return answer.errors[0] if answer.errors else answer.data and answer.data["price"]


async def test_callers_pass_on_their_own_credentials(opened: Open) -> None:
    backend = shop()
    async with opened(backend, PassThrough()) as graph:
        results = [await price(graph, authorization=f"Bearer {caller}") for caller in ("ann", "bob", "ann", "bob")]
    assert results == [1, 2, 1, 2]
    assert [call.headers["authorization"] for call in backend.calls] == ["Bearer ann", "Bearer bob"]


async def test_missing_caller_credentials_raise_unauthenticated_without_a_call(opened: Open) -> None:
    backend = shop()
    async with opened(backend, PassThrough()) as graph:
        error = await price(graph)
    assert (error["extensions"]["code"], error["message"]) == (
        "UNAUTHENTICATED",
        "Sign in: this needs a signed-in caller.",
    )
    assert not backend.calls


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHENTICATED"), (403, "FORBIDDEN")])
async def test_backend_refusal_is_attributed_to_the_caller(
    opened: Open, status: int, code: str, log: list[Any]
) -> None:
    backend = FakeBackend({"GET /prices": lambda r: httpx.Response(status, text=str(r.headers["authorization"]))})
    async with opened(backend, PassThrough()) as graph:
        error = await price(graph, authorization="Bearer expired-token")
    assert error["extensions"]["code"] == code
    assert len(backend.calls) == 1
    assert "expired-token" not in str(error) + str(log)


async def test_custom_header_separates_callers(opened: Open) -> None:
    def prices(request: httpx.Request) -> Any:
        assert "authorization" not in request.headers
        return {"a": len(request.headers["x-session"])}

    backend = FakeBackend({"GET /prices": prices})
    async with opened(backend, PassThrough("X-Session")) as graph:
        results = [await price(graph, **{"x-session": "1" * n, "authorization": "Bearer ann"}) for n in (3, 5, 3)]
    assert results == [3, 5, 3]
    assert len(backend.calls) == 2


async def test_probe_needs_no_caller(opened: Open) -> None:
    backend = FakeBackend({"GET /": httpx.Response(401)})
    async with opened(backend, PassThrough()) as graph:
        probe = await graph.probe(graph.adapters[0])
    assert probe.ok
    assert "authorization" not in backend.calls[0].headers
