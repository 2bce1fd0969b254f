"""What browsers and CDNs are told: nothing to keep, unless the operator allows it and the answer is for everybody."""

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


async def got(shop: Shop, query: str, **headers: str) -> httpx.Response:
    return await shop.client.get("/graphql", params={"query": query}, headers={"accept": "application/json"} | headers)


async def test_an_answer_for_everybody_may_be_kept_as_long_as_it_is_good(shop: Shop) -> None:
    for now, kept in ((0, "public, max-age=10"), (3.5, "public, max-age=6"), (9.5, "no-store"), (20, None)):
        shop.clock.now = now
        response = await got(shop, PRICE)
        assert response.headers["cache-control"] == (kept or "public, max-age=10")
    assert response.headers["vary"] == "accept, origin"
    assert shop.kept == [False, True, True, False]


async def test_the_setting_is_the_most_and_the_first_part_to_end_counts(shop: Shop) -> None:
    assert (await got(shop, NAME)).headers["cache-control"] == "public, max-age=40"
    both = NAME.replace("}", "} price(id: 1) { text }", 1)
    assert (await got(shop, both)).headers["cache-control"] == "public, max-age=10"


@pytest.mark.parametrize(
    "query",
    [
        *(OURS, MINE, STOCK, NAME.replace("}", '} mine(id: "1") { text }', 1)),
        *('{ echo(said: "x") }', "{ nonsense }", '{ written(id: "1") { text } }', "{ plainly }"),
    ],
)
@pytest.mark.parametrize("who", [{}, {"authorization": "Basic a"}])
async def test_anything_else_may_not(shop: Shop, query: str, who: dict[str, str]) -> None:
    shop.graph.tenant_of = lambda headers: "x"
    for _ in range(2):
        response = await got(shop, query, **who)
        assert response.headers["cache-control"] == "no-store"
        assert "vary" not in response.headers


async def test_what_is_told_late_may_not(shop: Shop) -> None:
    await got(shop, NEWS)
    shop.clock.now = 20
    late = await got(shop, NEWS)
    assert (late.json()["data"]["news"]["text"], late.headers["cache-control"]) == ("news 1 #1", "no-store")


async def test_nor_what_has_changed_while_it_was_put_together(shop: Shop) -> None:
    def change(request: httpx.Request) -> Any:
        shop.graph.forget("depot.names", ["1"])
        return shop.store.tell(request)

    shop.store.on("GET /names", change)
    assert (await got(shop, NAME)).headers["cache-control"] == "no-store"


async def test_nor_what_is_refused(shop: Shop) -> None:
    for response in (await got(shop, 'mutation { rename(id: "1") { text } }'), await got(shop, NAME, accept="x/y")):
        assert (response.status_code // 100, response.headers["cache-control"]) == (4, "no-store")


async def test_by_post_nothing_is_said(shop: Shop) -> None:
    assert "cache-control" not in (await shop.ask(NAME)).headers


@pytest.mark.parametrize("settings", [{}, {"max_age": "40", "answer_cache": "0"}])
async def test_nothing_may_be_kept_unless_the_operator_says_so(settings: dict[str, str]) -> None:
    async with served(goods(**settings)) as shop:
        assert (await got(shop, NAME)).headers["cache-control"] == "no-store"
