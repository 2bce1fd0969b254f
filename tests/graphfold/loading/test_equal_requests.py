"""Concurrent equal requests: which share a run, and that none gets an invalidated answer."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from graphfold.testing.conformance.virtual_time import VirtualTimeLoop
from tests.graphfold.shelf_life import Shop, goods, served

pytestmark = pytest.mark.anyio

NAME = '{ name(id: "1") { text } }'
ALL = "{ all { text } name(id: 1) { text } price(id: 1) { text } }".replace("name(id: 1)", 'name(id: "2")')


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with served(goods()) as shop:
        yield shop


class Gate:
    """A route of the store that makes its reply at once and sends it when the gate opens."""

    def __init__(self, shop: Shop, route: str = "GET /names") -> None:
        self._shop, self._gate, self.arrived = shop, asyncio.Event(), asyncio.Event()
        shop.store.on(route, self.answer)

    async def answer(self, request: httpx.Request) -> Any:
        reply = self._shop.store.answer(request)
        self.arrived.set()
        await self._gate.wait()
        return reply

    def open(self) -> None:
        self._gate.set()


async def test_equal_queries_share_the_calls_of_one(shop: Shop) -> None:
    answers = await asyncio.gather(*(shop.ask(ALL) for _ in range(200)))
    assert sorted(shop.store.requests) == ["list", "names 2", "prices 1"]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["x-request-id"] for answer in answers}) == 200
    assert shop.cached.count(False) == 1


async def test_hundred_viewers_share_public_calls(shop: Shop) -> None:
    await asyncio.gather(*(shop.ask(ALL, viewer=f"Basic {number}") for number in range(100)))
    assert sorted(shop.store.requests) == ["list", "names 2", "prices 1"]


async def test_viewers_do_not_wait_for_each_other(shop: Shop) -> None:
    mine = '{ mine(id: "1") { text } }'
    answers = await asyncio.gather(*(shop.ask(mine, viewer=viewer) for viewer in ("a", "b", "b", "", "")))
    texts = [answer.json()["data"]["mine"]["text"] for answer in answers]
    assert len(set(texts)) == 3
    assert texts[1] == texts[2] and texts[3] == texts[4]


async def test_write_invalidates_the_answer_for_waiters(shop: Shop) -> None:
    gate = Gate(shop)
    requests = [asyncio.create_task(shop.ask(NAME)) for _ in range(3)]
    await gate.arrived.wait()
    await shop.ask('mutation { rename(id: "1") { text } }')
    late = asyncio.create_task(shop.ask(NAME))
    gate.open()
    texts = [(await task).json()["data"]["name"]["text"] for task in [*requests, late]]
    assert texts[0] == "names 1 #1"
    assert set(texts[1:]) == {"names 1 #2"}
    assert (await shop.ask(NAME)).json()["data"]["name"]["text"] == "names 1 #2"


async def test_query_after_a_write_gets_no_older_answer(shop: Shop) -> None:
    """The query from before the write ends last; its answer must not enter the cache."""
    gate = Gate(shop)
    early = asyncio.create_task(shop.ask(NAME))
    await gate.arrived.wait()
    await shop.ask('mutation { rename(id: "1") { text } }')
    shop.store.on("GET /names", shop.store.answer)
    other = NAME.replace("text", "id text")
    assert (await shop.ask(other)).json()["data"]["name"]["text"] == "names 1 #2"
    gate.open()
    assert (await early).json()["data"]["name"]["text"] == "names 1 #1"
    for query in (NAME, other):
        assert (await shop.ask(query)).json()["data"]["name"]["text"] == "names 1 #2"


async def test_waiters_survive_the_first_clients_disconnect(shop: Shop) -> None:
    gate = Gate(shop)
    requests = [asyncio.create_task(shop.ask(NAME)) for _ in range(5)]
    await gate.arrived.wait()
    requests[0].cancel()
    await asyncio.sleep(0)
    gate.open()
    answers = await asyncio.gather(*requests[1:])
    assert {answer.json()["data"]["name"]["text"] for answer in answers} == {"names 1 #1"}
    assert len(shop.store.calls) == 1


async def test_waiting_for_an_equal_query_ends_at_the_own_deadline(shop: Shop) -> None:
    gate = Gate(shop)
    patient = asyncio.create_task(shop.ask(NAME))
    await gate.arrived.wait()
    began = asyncio.get_running_loop().time()
    limited = await shop.ask(NAME, headers={"graphfold-deadline": "0.5"})
    assert asyncio.get_running_loop().time() - began < 1
    assert limited.json()["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
    gate.open()
    assert (await patient).json()["data"]


async def test_answer_cut_by_the_deadline_is_not_cached(shop: Shop) -> None:
    query = '{ price(id: 1) { text } nameOrNone(id: "1") }'
    Gate(shop)
    await shop.ask(query, headers={"graphfold-deadline": "0.5"})
    shop.store.on("GET /names", shop.store.answer)
    assert (await shop.ask(query)).json()["data"]["nameOrNone"]
    assert not any(shop.cached)


async def test_uncacheable_queries_do_not_wait_for_each_other(shop: Shop) -> None:
    stock = '{ stock(id: "1") { text } }'
    for calls in (2, 4):
        await asyncio.gather(shop.ask(stock), shop.ask(stock))
        assert len(shop.store.calls) == calls
    gate = Gate(shop, "GET /stock")
    requests = [asyncio.create_task(shop.ask(stock)) for _ in range(2)]
    await gate.arrived.wait()
    await asyncio.sleep(0.001)
    assert len(shop.store.calls) == 6
    gate.open()
    await asyncio.gather(*requests)


async def test_equal_mutations_do_not_wait_for_each_other(shop: Shop) -> None:
    gate = Gate(shop, "POST /names")
    requests = [asyncio.create_task(shop.ask('mutation { rename(id: "1") { text } }')) for _ in range(2)]
    await gate.arrived.wait()
    await asyncio.sleep(0.001)
    assert shop.store.requests == ["names", "names"]
    gate.open()
    await asyncio.gather(*requests)


async def test_useless_wait_does_not_count_against_the_deadline() -> None:
    async with served(goods(deadline="2")) as shop:

        async def slow(request: httpx.Request) -> Any:
            await asyncio.sleep(1.5)
            return shop.store.answer(request)

        shop.store.on("GET /stock", slow)
        answers = await asyncio.gather(*(shop.ask('{ stock(id: "1") { text } }') for _ in range(2)))
    assert [sorted(answer.json()) for answer in answers] == [["data"], ["data"]]


async def test_write_invalidates_answers_with_its_keys_only(shop: Shop) -> None:
    other = '{ name(id: "2") { text } }'
    for query in (NAME, ALL, other):
        await shop.ask(query)
    await shop.ask('mutation { rename(id: "1") { text } }')
    del shop.log[:]
    for query in (NAME, ALL, other, other):
        await shop.ask(query)
    assert shop.cached == [False, False, True, True]
