"""The cache of whole answers: sharing, time to live, and uncacheable answers."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.extensions import SchemaExtension

from graphfold.cache.answer_cache import AnswerKey
from tests.graphfold.shelf_life import Shop, Store, goods, served

pytestmark = pytest.mark.anyio

NAME = '{ name(id: "1") { text } }'
PRICE = "{ price(id: 1) { text } }"
OURS = '{ ours(id: "1") { text } }'
MINE = '{ mine(id: "1") { text } }'
BY_ID = "query ByName($id: String!) { name(id: $id) { text } } query ByPrice($id: String!) { name(id: $id) { id } }"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with served(goods()) as shop:
        yield shop


async def test_equal_request_gets_same_bytes_and_its_own_id(shop: Shop) -> None:
    first, again = [await shop.ask("query Name " + NAME) for _ in range(2)]
    assert shop.cached == [False, True]
    assert again.content == first.content
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(shop.store.calls) == 1


async def test_cached_answer_is_logged_like_the_first(shop: Shop) -> None:
    for _ in range(2):
        await shop.ask("query Name " + NAME)
    lines = [line for line in shop.log if line["event"] == "request"]
    first, again = [{k: v for k, v in line.items() if k not in ("ms", "request_id")} for line in lines]
    assert first["operation"] == "Name" and first["document"]
    assert again == first | {"kept": True}


@pytest.mark.parametrize("media", ["application/json", "application/graphql-response+json"])
async def test_cached_answer_has_the_accepted_media_type(shop: Shop, media: str) -> None:
    await shop.ask(NAME)
    again = await shop.ask(NAME, headers={"accept": media})
    assert again.headers["content-type"] == f"{media}; charset=utf-8"
    refused = await shop.ask(NAME, headers={"accept": "image/png"})
    assert refused.status_code == 406
    assert shop.cached == [False, True, False]


async def test_get_and_post_share_an_answer(shop: Shop) -> None:
    by_post = await shop.ask("query ($id: String!) { name(id: $id) { text } }", variables={"id": "1"})
    parameters = {"query": "query ($id: String!) { name(id: $id) { text } }", "variables": '{ "id" : "1" }'}
    by_get = await shop.client.get("/graphql", params=parameters, headers={"accept": "application/json"})
    assert by_get.content == by_post.content
    assert shop.cached == [False, True]


async def test_order_and_spaces_of_variables_do_not_matter(shop: Shop) -> None:
    query = "query ($id: String!, $p: Int!) { name(id: $id) { text } price(id: $p) { text } }"
    for body in (b'{"query": %b, "variables": {"id": "1", "p": 2}}', b'{"variables":{"p":2,"id":"1"},"query":%b}'):
        headers = {"content-type": "application/json"}
        response = await shop.client.post("/graphql", content=body % orjson.dumps(query), headers=headers)
        assert response.json()["data"]["price"]["text"].startswith("prices 2")
    assert shop.cached == [False, True]


async def test_document_variables_and_operation_are_part_of_the_key(shop: Shop) -> None:
    bodies: list[dict[str, Any]] = [
        {"query": BY_ID, "operationName": "ByName", "variables": {"id": "1"}},
        {"query": BY_ID, "operationName": "ByPrice", "variables": {"id": "1"}},
        {"query": BY_ID, "operationName": "ByName", "variables": {"id": "2"}},
        {"query": BY_ID + " ", "operationName": "ByName", "variables": {"id": "1"}},
    ]
    answers = [(await shop.ask(**body)).json()["data"]["name"] for body in bodies]
    assert [sorted(answer.values()) for answer in answers] == [["names 1 #1"], ["1"], ["names 2 #2"], ["names 1 #1"]]
    assert not any(shop.cached)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.0, 1.0, -1.0, "", "1", "true"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@settings(deadline=None)
@given(
    st.dictionaries(st.sampled_from("xy"), JSON, max_size=2), st.dictionaries(st.sampled_from("xy"), JSON, max_size=2)
)
def test_variables_are_distinguished_as_json(one: dict[str, Any], other: dict[str, Any]) -> None:
    def written(variables: dict[str, Any]) -> bytes:
        return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS)

    same = AnswerKey("q", one, None, "").public == AnswerKey("q", other, None, "").public
    assert same == (written(one) == written(other))


async def test_public_answer_is_shared(shop: Shop) -> None:
    answers = [(await shop.ask(NAME, viewer=viewer)).content for viewer in ("Basic a", "Basic b", "")]
    assert len(set(answers)) == 1
    assert shop.cached == [False, True, True]


@pytest.mark.parametrize("first", ["Basic a", ""])
@pytest.mark.parametrize("query", [MINE, NAME.replace("}", '} mine(id: "1") { text }', 1)])
async def test_viewer_answers_are_not_shared(shop: Shop, query: str, first: str) -> None:
    """One part of a viewer makes the whole answer that viewer's; the anonymous viewer has answers of its own."""
    for _ in range(2):
        texts = [
            (await shop.ask(query, viewer=viewer)).json()["data"]["mine"]["text"]
            for viewer in (first, "Basic b", "Basic c")
        ]
        assert len(set(texts)) == 3
    assert shop.cached == [False] * 3 + [True] * 3


async def test_tenant_answers_are_shared_within_the_tenant_only(shop: Shop) -> None:
    """The tenant may be in another header than the viewer's credentials."""
    shop.graph.tenant_of = lambda headers: headers.get("x-company")
    callers = [("a", "x"), ("b", "x"), ("", "x"), ("a", "y"), ("", "y"), ("a", ""), ("b", ""), ("", "")]
    for _ in range(2):
        answers = [
            (await shop.ask(OURS, viewer=viewer, headers={"x-company": company} if company else {})).text
            for viewer, company in callers
        ]
        assert answers[0] == answers[1] == answers[2] != answers[3] == answers[4]
        assert len(set(answers)) == 5
    assert shop.cached == [False, True, True, False, True, False, False, False] + [True] * 8


async def test_viewer_answers_are_separate_by_tenant(shop: Shop) -> None:
    shop.graph.tenant_of = lambda headers: headers.get("x-company")
    both = '{ mine(id: "1") { text } ours(id: "1") { text } }'
    answers = [(await shop.ask(both, viewer="a", headers={"x-company": company})).text for company in ("x", "y", "x")]
    assert answers[0] == answers[2] != answers[1]


@pytest.mark.parametrize("viewer", ["a", ""])
async def test_viewer_of_two_tenants_gets_answers_of_each(shop: Shop, viewer: str) -> None:
    """The anonymous viewer of each tenant is a viewer of its own."""
    shop.graph.tenant_of = lambda headers: headers.get("x-company")
    pending = [
        shop.ask(MINE, viewer=viewer, headers={"x-company": company} if company else {}) for company in ("x", "y", "")
    ]
    texts = [(await answer).json()["data"]["mine"]["text"] for answer in pending]
    assert texts == ["mine 1 #1", "mine 1 #2", "mine 1 #3"]


@pytest.mark.parametrize("query", [NAME, 'mutation { look(id: "1") { text } }', "{ nonsense }"])
@pytest.mark.parametrize("size", ["0", "60000"])
async def test_tenant_is_computed_once_per_request(query: str, size: str) -> None:
    calls: list[str] = []

    def tenant_of(headers: Mapping[str, str]) -> None:
        calls.append(headers["authorization"])

    async with served(goods(answer_cache=size)) as shop:
        shop.graph.tenant_of = tenant_of
        for viewer in ("a", "b"):
            await shop.ask(query, viewer=viewer)
    assert calls == ["a", "b"]


@pytest.mark.parametrize("size", ["0", "60000"])
async def test_failure_of_tenant_of_is_not_disclosed(size: str) -> None:
    async with served(goods(answer_cache=size)) as shop:
        shop.graph.tenant_of = lambda headers: headers["x-secret-name"]
        response = await shop.ask(NAME)
        error = response.json()["errors"][0]
        assert (error["message"], error["extensions"]["code"]) == ("Internal error.", "INTERNAL")
        assert error["extensions"]["requestId"] == response.headers["x-request-id"]
        assert "x-secret-name" not in response.text
        assert "data" not in response.json() and not shop.store.calls


async def test_stale_answer_is_not_cached(shop: Shop) -> None:
    news = '{ news(id: "1") { text } }'
    for shop.clock.now in (0.0, 9.0, 11.0):
        response = await shop.ask(news)
    assert response.json()["extensions"]["freshness"]
    while "extensions" in response.json():
        await asyncio.sleep(0)
        response = await shop.ask(news)
    assert response.json() == {"data": {"news": {"text": "news 1 #2"}}}
    await shop.ask(news)
    assert shop.cached[:3] == [False, True, False]
    assert shop.cached[3:] == [False] * (len(shop.cached) - 4) + [True]


@pytest.mark.parametrize(
    ("query", "until"),
    [
        (NAME, 60),
        (PRICE, 10),
        ("{ name(id: 1) { text } price(id: 1) { text } }".replace("name(id: 1)", 'name(id: "1")'), 10),
    ],
)
async def test_answer_expires_with_its_first_part(shop: Shop, query: str, until: float) -> None:
    for shop.clock.now in (0.0, until - 0.1, until + 0.1):
        await shop.ask(query)
    assert shop.cached == [False, True, False]


async def test_answer_inherits_the_age_of_its_parts(shop: Shop) -> None:
    await shop.ask(NAME)
    for shop.clock.now in (55.0, 59.9, 60.1):
        await shop.ask("query Another " + NAME)
    assert shop.cached == [False, False, True, False]
    assert len(shop.store.calls) == 2


@pytest.mark.parametrize(
    "query",
    [
        '{ stock(id: "1") { text } }',
        NAME.replace("}", '} stock(id: "1") { text }', 1),
        '{ written(id: "1") { text } }',
        "{ undeclared }",
        '{ language(id: "1") }',
        '{ echo(text: "x") }',
        "{ __typename }",
        'mutation { look(id: "1") { text } }',
    ],
    ids=[
        "no-ttl",
        "part-without-ttl",
        "write",
        "undeclared-call",
        "request-header",
        "no-backend",
        "no-field",
        "mutation",
    ],
)
async def test_answer_with_an_uncacheable_part_is_not_cached(shop: Shop, query: str) -> None:
    for _ in range(3):
        response = await shop.ask(query)
        assert "errors" not in response.json()
    assert not any(shop.cached)


async def test_answer_with_errors_is_not_cached(shop: Shop) -> None:
    both = '{ name(id: "1") { text } price(id: 1) { text } }'
    shop.store.on("GET /prices", httpx.Response(503))
    for query in (both, both, PRICE, PRICE, "{ nonsense }", "{ nonsense }"):
        assert "errors" in (await shop.ask(query)).json()
    shop.store.on("GET /prices", shop.store.answer)
    assert (await shop.ask(both)).json()["data"]["price"]
    assert not any(shop.cached)


async def test_answer_with_a_fallback_is_not_cached(shop: Shop) -> None:
    shop.store.on("GET /names", httpx.Response(503))
    assert (await shop.ask('{ nameOrNone(id: "1") }')).json() == {"data": {"nameOrNone": None}}
    shop.store.on("GET /names", shop.store.answer)
    assert (await shop.ask('{ nameOrNone(id: "1") }')).json() == {"data": {"nameOrNone": "names 1 #1"}}


async def test_answer_with_a_missing_key_is_cached(shop: Shop) -> None:
    shop.store.gone.add("1")
    for _ in range(2):
        assert (await shop.ask(NAME)).json() == {"data": {"name": None}}
    assert shop.cached == [False, True]


async def test_explained_request_is_not_served_from_cache() -> None:
    async with served(goods(), development=True) as shop:
        await shop.ask(NAME)
        for what in ("plan", "trace"):
            response = await shop.ask(NAME, headers={"graphfold-explain": what})
            assert what in response.json()["extensions"]
        assert "extensions" not in (await shop.ask(NAME)).json()
        assert shop.cached == [False, False, False, True]


async def test_added_extension_sees_every_operation() -> None:
    seen: list[str] = []

    class Watching(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            seen.append("operation")
            yield

    graph = goods()
    graph.schema.extensions = (*graph.schema.extensions, Watching)
    async with served(graph) as shop:
        for _ in range(2):
            await shop.ask(NAME)
        assert len(seen) == 2


async def test_cache_is_bounded_and_evicts_least_recently_used() -> None:
    store = Store()
    store.on("GET /names", lambda request: [{"id": request.url.params["ids"], "text": "x" * 5_000}])
    async with served(goods(answer_cache="60000"), store) as shop:
        for id in [*range(12), 0, 11]:
            await shop.ask("query ($id: String!) { name(id: $id) { text } }", variables={"id": str(id)})
        assert shop.cached == [False] * 13 + [True]
        assert shop.graph.answers is not None and len(shop.graph.answers) * 5_000 < 60_000


async def test_answer_too_large_for_the_cache_is_not_cached() -> None:
    store = Store()
    store.on("GET /names", [{"id": "1", "text": "x" * 10_000}])
    async with served(goods(answer_cache="60000"), store) as shop:
        for _ in range(2):
            await shop.ask(NAME)
        assert not any(shop.cached)


async def test_cache_of_size_zero_is_off() -> None:
    async with served(goods(answer_cache="0")) as shop:
        for _ in range(2):
            await shop.ask(NAME)
        assert not any(shop.cached)


def test_answer_keys_separate_tenants_and_viewers() -> None:
    """One caller may act for several tenants; the anonymous viewer of a tenant shares its tenant entries."""
    viewers = [("", None), ("a", None), ("b", None), ("", "x"), ("a", "x"), ("a", "y"), ("", "a"), ("", "1 of a")]
    answer_keys = [AnswerKey("q", {}, None, viewer, tenant) for viewer, tenant in viewers]
    assert len({key.viewer for key in answer_keys}) == len(viewers)
    assert len({key.tenant for key in answer_keys}) == 7
    assert answer_keys[3].tenant == answer_keys[4].tenant
    assert {key.public for key in answer_keys} == {answer_keys[0].public}
