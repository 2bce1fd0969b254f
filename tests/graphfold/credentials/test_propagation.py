"""Headers of the caller: those that are named go on, no other does, and answers know that they depend on them."""

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


def speaking() -> FakeBackend:
    return FakeBackend({"GET /prices": lambda request: {"a": len(request.headers.get("accept-language", ""))}})


async def test_what_is_named_goes_on_and_nothing_else(opened: Open) -> None:
    backend = speaking()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        await price(graph, **SENT)
    sent = backend.calls[0].headers
    assert (sent["accept-language"], sent["traceparent"], sent["authorization"]) == ("de", "00-1-1-00", "Bearer t")
    assert not {"cookie", "x-other", "te", "x-tenant", "content-length"} & set(sent)
    assert sent["host"] == "shop.test"


async def test_what_the_caller_keeps_for_its_connection_stays_there(opened: Open) -> None:
    backend = speaking()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        await price(graph, **SENT, connection="keep-alive, Accept-Language")
    assert "accept-language" not in backend.calls[0].headers
    assert backend.calls[0].headers["traceparent"]


async def test_an_answer_is_remembered_for_the_headers_it_depends_on(opened: Open) -> None:
    backend = speaking()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        asked = [{"accept-language": "de"}, {"accept-language": "deu"}, {}, {"accept-language": "de"}]
        told = [await price(graph, traceparent=str(n), **headers) for n, headers in enumerate(asked)]
    assert told == [2, 3, 0, 2]
    assert len(backend.calls) == 3


async def test_what_no_header_can_carry_is_the_callers_mistake(opened: Open) -> None:
    backend = speaking()
    async with opened(backend, Bearer(), **TOKEN) as graph:
        answer = await graph.execute('{ price(sku: "a") }', headers={"accept-language": "d\r\nx-admin: 1"})
    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"
    assert not backend.calls


async def test_callers_who_ask_at_one_time_get_their_own(opened: Open) -> None:
    async def prices(request: Any) -> Any:
        await together.wait()
        return {"a": len(request.headers.get("accept-language", ""))}

    together = asyncio.Barrier(2)
    async with opened(FakeBackend({"GET /prices": prices}), Bearer(), **TOKEN) as graph:
        asked = [price(graph, **{"accept-language": text, "authorization": "Bearer ann"}) for text in ("de", "deu")]
        assert await asyncio.gather(*asked) == [2, 3]
