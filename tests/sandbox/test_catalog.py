"""The catalog: a GraphQL server with products, reviews, search and its own errors."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.anyio

REVIEWED = "00012419"


async def ask(catalog: httpx.AsyncClient, query: str, **variables: object) -> Any:
    reply = await catalog.post("/graphql", json={"query": query, "variables": variables})
    assert reply.status_code == 200
    return reply.json()


async def test_catalog_requires_its_bearer_token(http: httpx.AsyncClient) -> None:
    reply = await http.post("/catalog/graphql", json={"query": "{ __typename }"})
    assert (reply.status_code, reply.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")


async def test_products_by_sku_come_in_the_catalogs_order(catalog: httpx.AsyncClient) -> None:
    query = "query ($skus: [String!]!) { productsBySku(skus: $skus) { skuCode listPrice { value currency } } }"
    data = (await ask(catalog, query, skus=["00012382", "12345", "00012345", "00012382"]))["data"]
    assert [product["skuCode"] for product in data["productsBySku"]] == ["00012345", "00012382"]
    for product in data["productsBySku"]:
        assert len(product["listPrice"]["value"].partition(".")[2]) == 2


async def test_products_by_sku_include_their_reviews(catalog: httpx.AsyncClient) -> None:
    query = """{ productsBySku(skus: ["00012345", "00012419"]) {
        skuCode rating reviews(limit: 3) { total hasMore items { id skuCode stars createdOn cursor } } } }"""
    other, reviewed = (await ask(catalog, query))["data"]["productsBySku"]
    assert (reviewed["reviews"]["total"], reviewed["reviews"]["hasMore"]) == (60, True)
    assert len(reviewed["reviews"]["items"]) == 3
    assert 1 <= reviewed["rating"] <= 5
    assert {review["skuCode"] for review in other["reviews"]["items"]} <= {other["skuCode"]}


async def test_reviews_page_newest_first_to_the_end(catalog: httpx.AsyncClient) -> None:
    query = """query ($after: String) { productsBySku(skus: ["00012419"]) {
        reviews(limit: 25, after: $after) { hasMore items { id createdOn cursor } } } }"""
    seen: list[dict[str, str]] = []
    more: list[bool] = []
    for _ in range(3):
        after = seen[-1]["cursor"] if seen else None
        page = (await ask(catalog, query, after=after))["data"]["productsBySku"][0]["reviews"]
        seen += page["items"]
        more.append(page["hasMore"])
    assert more == [True, True, False]
    assert len({review["id"] for review in seen}) == 60
    assert [review["createdOn"] for review in seen] == sorted((one["createdOn"] for one in seen), reverse=True)


async def test_reviews_by_id_return_the_existing_ones(catalog: httpx.AsyncClient) -> None:
    data = (await ask(catalog, '{ reviewsById(ids: ["50002", "7", "x", "50001"]) { id headline } }'))["data"]
    assert [review["id"] for review in data["reviewsById"]] == ["50001", "50002"]


async def test_product_search_pages_over_titles_and_skus(catalog: httpx.AsyncClient) -> None:
    query = """query ($text: String, $category: String, $cursor: String) {
        searchProducts(text: $text, category: $category, limit: 2, cursor: $cursor) {
            total hasMore hits { cursor product { title skuCode category } } } }"""
    first = (await ask(catalog, query, text="WOK"))["data"]["searchProducts"]
    assert first["total"] > 2
    assert all("Wok" in hit["product"]["title"] for hit in first["hits"])
    second = (await ask(catalog, query, text="WOK", cursor=first["hits"][-1]["cursor"]))["data"]["searchProducts"]
    assert second["total"] == first["total"]
    assert not {hit["cursor"] for hit in first["hits"]} & {hit["cursor"] for hit in second["hits"]}
    desk = (await ask(catalog, query, category="desk"))["data"]["searchProducts"]
    assert {hit["product"]["category"] for hit in desk["hits"]} == {"desk"}
    everything = (await ask(catalog, query))["data"]["searchProducts"]
    assert everything["total"] == 40


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('{ searchProducts(cursor: "x") { total } }', "BAD_CURSOR"),
        ('{ searchProducts(cursor: "cmV2aWV3OjUzNDMw") { total } }', "BAD_CURSOR"),
        ("{ searchProducts(limit: 201) { total } }", "BAD_LIMIT"),
    ],
)
async def test_invalid_catalog_argument_is_a_graphql_error_with_status_200(
    catalog: httpx.AsyncClient, query: str, code: str
) -> None:
    answer = await ask(catalog, query)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"] == {"code": code}


@pytest.mark.parametrize("query", ["{", "{ nothing }", "{ productsBySku { skuCode } }", ""])
async def test_invalid_catalog_document_is_a_graphql_error_with_status_200(
    catalog: httpx.AsyncClient, query: str
) -> None:
    answer = await ask(catalog, query)
    assert "data" not in answer or answer["data"] is None
    assert answer["errors"][0]["message"]


async def test_catalog_rejects_too_many_keys_with_status_413(catalog: httpx.AsyncClient) -> None:
    by_sku = "query ($keys: [String!]!) { productsBySku(skus: $keys) { skuCode } }"
    by_id = "query ($keys: [ID!]!) { reviewsById(ids: $keys) { id } }"
    for query, most in ((by_sku, 1000), (by_id, 200)):
        for count, status in ((most, 200), (most + 1, 413)):
            body = {"query": query, "variables": {"keys": [str(number) for number in range(count)]}}
            assert (await catalog.post("/graphql", json=body)).status_code == status


async def test_catalog_schema_can_be_introspected(catalog: httpx.AsyncClient) -> None:
    answer = await ask(catalog, '{ __type(name: "Product") { fields { name } } }')
    assert {"name": "listPrice"} in answer["data"]["__type"]["fields"]


async def test_catalog_rejects_requests_that_are_not_graphql(catalog: httpx.AsyncClient) -> None:
    assert (await catalog.post("/graphql", content=b"{")).status_code == 400
    assert (await catalog.post("/graphql", json={"query": 1})).status_code == 400
    assert (await catalog.post("/graphql", json={"query": "{__typename}", "variables": []})).status_code == 400
    assert (await catalog.get("/graphql")).status_code == 404
