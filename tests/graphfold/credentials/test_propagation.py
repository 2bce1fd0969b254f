"""Only the named headers of a caller are propagated, and cache entries depend on them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from graphfold.credentials import Bearer
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend
from tests.graphfold.credentials.conftest import Open

pytestmark = pytest.mark.anyio

TOKEN = {"GRAPHFOLD_SHOP_TOKEN": "t"}
SENT = {
    "accept-language": "de",
    "traceparent": "00-1-1-00",
    "authorization": "Bearer caller",
    "cookie": "session=1",
    "x-other": "1",
    "host": "graph.example",
    "content-length": "2",
    "te": "trailers",
}


async def price(graph: Graph, **headers: str) -> Any:
    answer = await graph.execute('{ price(sku: "a") }', headers=headers)
    assert not answer.errors
    assert answer.data is not None
    return answer.data["price"]


def shop() -> FakeBackend:
    return FakeBackend({"GET /prices": lambda request: {"a": len(request.headers.get("accept-language", ""))}})


async def test_only_named_headers_are_propagated(opened: Open) -> None:
    backend = shop()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        await price(graph, **SENT)
    sent = backend.calls[0].headers
    assert (sent["accept-language"], sent["traceparent"], sent["authorization"]) == ("de", "00-1-1-00", "Bearer t")
    assert not {"cookie", "x-other", "te", "x-tenant", "content-length"} & set(sent)
    assert sent["host"] == "shop.test"


async def test_hop_by_hop_headers_are_not_propagated(opened: Open) -> None:
    backend = shop()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        await price(graph, **SENT, connection="keep-alive, Accept-Language")
    assert "accept-language" not in backend.calls[0].headers
    assert backend.calls[0].headers["traceparent"]


async def test_cache_entries_depend_on_propagated_headers(opened: Open) -> None:
    backend = shop()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        requests = [{"accept-language": "de"}, {"accept-language": "deu"}, {}, {"accept-language": "de"}]
        prices = [await price(graph, traceparent=str(n), **headers) for n, headers in enumerate(requests)]
    assert prices == [2, 3, 0, 2]
    assert len(backend.calls) == 3


async def test_unsendable_propagated_header_is_bad_input(opened: Open) -> None:
    backend = shop()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        answer = await graph.execute('{ price(sku: "a") }', headers={"accept-language": "d\r\nx-admin: 1"})
    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"
    assert not backend.calls


async def test_concurrent_callers_get_separate_replies(opened: Open) -> None:
    async def prices(request: Any) -> Any:
        await together.wait()
        return {"a": len(request.headers.get("accept-language", ""))}

    together = asyncio.Barrier(2)
    async with opened(FakeBackend({"GET /prices": prices}), Bearer(), **TOKEN) as graph:
        calls = [price(graph, **{"accept-language": text, "authorization": "Bearer ann"}) for text in ("de", "deu")]
        assert await asyncio.gather(*calls) == [2, 3]
