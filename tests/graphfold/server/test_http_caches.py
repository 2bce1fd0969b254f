"""Cache-Control: `no-store`, unless the operator allows caching and the answer is public."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.graphfold.shelf_life import Shop, goods, served

pytestmark = pytest.mark.anyio

NAME, PRICE, NEWS = '{ name(id: "1") { text } }', "{ price(id: 1) { text } }", '{ news(id: "1") { text } }'
OURS, MINE, STOCK = '{ ours(id: "1") { text } }', '{ mine(id: "1") { text } }', '{ stock(id: "1") { text } }'


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with served(goods(max_age="40")) as shop:
        yield shop


async def get(shop: Shop, query: str, **headers: str) -> httpx.Response:
    return await shop.client.get("/graphql", params={"query": query}, headers={"accept": "application/json"} | headers)


async def test_public_answer_has_max_age_of_its_remaining_ttl(shop: Shop) -> None:
    for now, expected in ((0, "public, max-age=10"), (3.5, "public, max-age=6"), (9.5, "no-store"), (20, None)):
        shop.clock.now = now
        response = await get(shop, PRICE)
        assert response.headers["cache-control"] == (expected or "public, max-age=10")
    assert response.headers["vary"] == "accept, origin"
    assert shop.cached == [False, True, True, False]


async def test_max_age_is_the_shortest_ttl_capped_by_the_setting(shop: Shop) -> None:
    assert (await get(shop, NAME)).headers["cache-control"] == "public, max-age=40"
    combined = NAME.replace("}", "} price(id: 1) { text }", 1)
    assert (await get(shop, combined)).headers["cache-control"] == "public, max-age=10"


@pytest.mark.parametrize(
    "query",
    [
        *(OURS, MINE, STOCK, NAME.replace("}", '} mine(id: "1") { text }', 1)),
        *('{ echo(said: "x") }', "{ nonsense }", '{ written(id: "1") { text } }', "{ plainly }"),
    ],
)
@pytest.mark.parametrize("viewer", [{}, {"authorization": "Basic a"}])
async def test_private_answer_is_no_store(shop: Shop, query: str, viewer: dict[str, str]) -> None:
    shop.graph.tenant_of = lambda headers: "x"
    for _ in range(2):
        response = await get(shop, query, **viewer)
        assert response.headers["cache-control"] == "no-store"
        assert "vary" not in response.headers


async def test_stale_answer_is_no_store(shop: Shop) -> None:
    await get(shop, NEWS)
    shop.clock.now = 20
    late = await get(shop, NEWS)
    assert (late.json()["data"]["news"]["text"], late.headers["cache-control"]) == ("news 1 #1", "no-store")


async def test_answer_invalidated_while_it_was_made_is_no_store(shop: Shop) -> None:
    def change(request: httpx.Request) -> Any:
        shop.graph.forget("depot.names", ["1"])
        return shop.store.answer(request)

    shop.store.on("GET /names", change)
    assert (await get(shop, NAME)).headers["cache-control"] == "no-store"


async def test_rejected_get_is_no_store(shop: Shop) -> None:
    for response in (await get(shop, 'mutation { rename(id: "1") { text } }'), await get(shop, NAME, accept="x/y")):
        assert (response.status_code // 100, response.headers["cache-control"]) == (4, "no-store")


async def test_post_has_no_cache_headers(shop: Shop) -> None:
    assert "cache-control" not in (await shop.ask(NAME)).headers


@pytest.mark.parametrize("settings", [{}, {"max_age": "40", "answer_cache": "0"}])
async def test_answers_are_no_store_by_default(settings: dict[str, str]) -> None:
    async with served(goods(**settings)) as shop:
        assert (await get(shop, NAME)).headers["cache-control"] == "no-store"
