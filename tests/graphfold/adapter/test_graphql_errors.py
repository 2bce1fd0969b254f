"""Errors in the replies of a GraphQL backend: the typed error of each, and which keys of a batch fail."""

import re
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import GraphQLAdapter, Keys, Row, batch, by, group, read, resolves
from graphfold.credentials import Bearer
from graphfold.errors import BackendError, BackendRejected, GraphError, NotFound
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, fakes, graph_of

pytestmark = pytest.mark.anyio

FIRST, ALL = (
    "{ first { stars } }",
    '{ a: named(sku: "a") { stars } b: named(sku: "b") { stars } c: named(sku: "c") { stars } }',
)
LISTED = '{ a: listed(sku: "a") { stars } b: listed(sku: "b") { stars } }'


@pytest.fixture
def catalog() -> Graph:
    @strawberry.type
    class Product:
        sku: str
        stars: int | None

    @strawberry.type
    class Query:
        pass

    class ProductRow(Row[Product]):
        sku: str
        stars: int | None

    class Catalog(GraphQLAdapter):
        credential = Bearer()
        identity = "service"

        @read()
        async def first(self) -> ProductRow | None:
            return await self.query("{ x { first } }", ProductRow | None, at="x.first")  # type: ignore[arg-type]

        @batch(key=lambda sku: str(sku).lower())
        async def named(self, skus: Keys[str]) -> dict[str, ProductRow]:
            rows = await self.query("{ products }", list[ProductRow | BackendError], at="products", skus=skus)
            return by(rows, lambda row: row.sku)

        @batch()
        async def listed(self, skus: Keys[str]) -> dict[str, list[ProductRow]]:
            rows = await self.query("{ products }", list[ProductRow | BackendError], at="products", skus=skus)
            return group(rows, lambda row: row.sku)

        def error(self, message: str, extensions: dict[str, Any]) -> GraphError:
            if extensions.get("code") == "GONE":
                return NotFound("Gone.")
            if "ids" in extensions:
                return BackendRejected(extensions["ids"][0])
            return BackendRejected("odd") if message == "odd" else super().error(message, extensions)

    @resolves(Query)
    async def first(catalog: Catalog) -> Product | None:
        return await catalog.first()

    @resolves(Query)
    async def named(sku: str, catalog: Catalog) -> Product | None:
        return await catalog.named.find(sku)

    @resolves(Query)
    async def listed(sku: str, catalog: Catalog) -> list[Product] | None:
        return await catalog.listed.load(sku)

    return graph_of()


def wrong(code: Any = None, path: Any = None, message: str = "secret") -> dict[str, Any]:
    return {"message": message, "path": path, "extensions": {"code": code}}


async def run_query(graph: Graph, reply: Any, query: str) -> tuple[Any, dict[str, str], int]:
    """Return the data, the error codes by response field, and the number of calls."""
    backend = FakeBackend({"POST /": reply})
    async with graph.running(transports=fakes(catalog=backend)) as running:
        answer = await running.execute(query)
    assert "secret" not in str(answer)
    return answer.data, {error["path"][0]: error["extensions"]["code"] for error in answer.errors}, len(backend.calls)


@pytest.mark.parametrize(
    ("code", "status", "ours", "calls"),
    [
        (None, 200, "BACKEND_UNAVAILABLE", 3),
        (None, 400, "BACKEND_CONTRACT", 1),
        (None, 422, "BACKEND_CONTRACT", 1),
        (None, 500, "BACKEND_UNAVAILABLE", 3),
        (["odd"], 200, "BACKEND_UNAVAILABLE", 3),
        (["odd"], 400, "BACKEND_CONTRACT", 1),
        ("INTERNAL_SERVER_ERROR", 200, "BACKEND_UNAVAILABLE", 3),
        ("SERVICE_UNAVAILABLE", 200, "BACKEND_UNAVAILABLE", 3),
        ("BAD_CURSOR", 200, "BACKEND_REJECTED", 1),
        ("BAD_CURSOR", 400, "BACKEND_REJECTED", 1),
        ("BAD_CURSOR", 500, "BACKEND_UNAVAILABLE", 3),
        ("UNAUTHENTICATED", 200, "BACKEND_CREDENTIALS", 1),
        ("UNAUTHENTICATED", 400, "BACKEND_CREDENTIALS", 1),
        ("BAD_USER_INPUT", 200, "BACKEND_REJECTED", 1),
        ("BAD_USER_INPUT", 400, "BACKEND_REJECTED", 1),
        ("GRAPHQL_PARSE_FAILED", 400, "BACKEND_CONTRACT", 1),
        ("GRAPHQL_VALIDATION_FAILED", 200, "BACKEND_CONTRACT", 1),
        ("RATE_LIMITED", 200, "BACKEND_BUSY", 3),
        ("NOT_FOUND", 404, "BACKEND_CONTRACT", 1),
        ("BAD_CURSOR", 410, "BACKEND_CONTRACT", 1),
        ("BAD_CURSOR", 403, "BACKEND_CREDENTIALS", 1),
    ],
)
async def test_graphql_error_code_and_status_give_the_typed_error(
    catalog: Graph, code: Any, status: int, ours: str, calls: int
) -> None:
    reply = httpx.Response(status, json={"data": {"x": {"first": None}}, "errors": [wrong(code)]})
    assert await run_query(catalog, reply, FIRST) == ({"first": None}, {"first": ours}, calls)


async def test_error_hook_sees_the_message_of_a_refused_request(catalog: Graph) -> None:
    reply = httpx.Response(400, json={"errors": [{"message": "odd"}]})
    assert (await run_query(catalog, reply, FIRST))[1] == {"first": "BACKEND_REJECTED"}


async def test_defect_in_error_hook_does_not_hide_the_graphql_error(catalog: Graph, log: list[dict[str, Any]]) -> None:
    reply = httpx.Response(200, json={"errors": [{"message": "x", "extensions": {"code": "BAD_ID", "ids": []}}]})
    assert (await run_query(catalog, reply, FIRST))[1] == {"first": "BACKEND_REJECTED"}
    assert re.fullmatch(r"BAD_ID: x; IndexError at .*test_graphql_errors\.py:\d+: .*", log[-1]["internal"])


async def test_refused_requests_do_not_open_the_circuit(catalog: Graph) -> None:
    backend = FakeBackend({"POST /": httpx.Response(400, json={"errors": [{"message": "unknown field"}]})})
    async with catalog.running(transports=fakes(catalog=backend)) as graph:
        for _ in range(30):
            await graph.execute(FIRST)
    assert len(backend.calls) == 30


@pytest.mark.parametrize("path", [["other"], ["x", "other"], ["x", "other", 0, "first"], ["xx"]])
async def test_error_about_another_path_is_ignored(catalog: Graph, path: list[Any]) -> None:
    reply = {"data": {"x": {"first": {"sku": "a", "stars": 5}}}, "errors": [wrong("FORBIDDEN", path)]}
    assert await run_query(catalog, reply, FIRST) == ({"first": {"stars": 5}}, {}, 1)


@pytest.mark.parametrize("data", [None, {"x": None}])
async def test_error_whose_null_propagated_to_the_result_is_raised(catalog: Graph, data: Any) -> None:
    reply = {"data": data, "errors": [wrong("FORBIDDEN", ["x", "other"])]}
    assert (await run_query(catalog, reply, FIRST))[1] == {"first": "BACKEND_CREDENTIALS"}


@pytest.mark.parametrize("path", [None, "x", [], ["x"], ["x", "first"], ["x", "first", "stars"]])
async def test_error_at_or_below_the_result_path_is_raised(catalog: Graph, path: Any) -> None:
    reply = {"data": {"x": {"first": {"sku": "a", "stars": None}}}, "errors": [wrong("FORBIDDEN", path)]}
    assert (await run_query(catalog, reply, FIRST))[1] == {"first": "BACKEND_CREDENTIALS"}


def products(*items: Any, errors: list[Any]) -> dict[str, Any]:
    return {"data": {"products": list(items)}, "errors": errors}


A, B, C = ({"sku": sku, "stars": stars} for sku, stars in zip("abc", (1, 2, 3), strict=True))


@pytest.mark.parametrize("left", [None, {"sku": "b", "stars": None}, {}, "nonsense"])
async def test_error_about_one_item_fails_only_its_key(catalog: Graph, left: Any) -> None:
    """The rest of the failed item is ignored, because a null in it may come from the error."""
    reply = products(A, left, C, errors=[wrong("FORBIDDEN", ["products", 1, "stars"])])
    data = {"a": {"stars": 1}, "b": None, "c": {"stars": 3}}
    assert await run_query(catalog, reply, ALL) == (data, {"b": "BACKEND_CREDENTIALS"}, 1)


async def test_errors_about_several_items_fail_only_their_keys(catalog: Graph) -> None:
    errors = [wrong("INTERNAL_SERVER_ERROR", ["products", place]) for place in (0, 2, 2)]
    data, codes, calls = await run_query(catalog, products(None, B, None, errors=errors), ALL)
    assert (data, calls) == ({"a": None, "b": {"stars": 2}, "c": None}, 1)
    assert codes == {"a": "BACKEND_UNAVAILABLE", "c": "BACKEND_UNAVAILABLE"}


async def test_keys_without_an_item_get_the_error_not_none(catalog: Graph) -> None:
    """Without its item, a failed key looks like a missing one. An error beyond the list's end is counted as one too."""
    reply = products(A, None, errors=[wrong("NO_STARS", ["products", 1]), wrong("LATER", ["products", 9])])
    assert (await run_query(catalog, reply, ALL))[1] == {"b": "BACKEND_REJECTED", "c": "BACKEND_REJECTED"}


async def test_not_found_error_of_an_item_is_none(catalog: Graph) -> None:
    reply = products(A, None, C, errors=[wrong("GONE", ["products", 1])])
    assert await run_query(catalog, reply, ALL) == ({"a": {"stars": 1}, "b": None, "c": {"stars": 3}}, {}, 1)


async def test_keys_in_another_notation_do_not_get_the_error(catalog: Graph) -> None:
    reply = products({"sku": "A", "stars": 1}, None, C, errors=[wrong("FORBIDDEN", ["products", 1])])
    assert (await run_query(catalog, reply, ALL))[1] == {"b": "BACKEND_CREDENTIALS"}


@pytest.mark.parametrize("path", [None, ["products"], ["products", "stars"]])
@pytest.mark.parametrize("items", [[A, B, C], None])
async def test_error_about_the_whole_list_fails_all_keys(catalog: Graph, items: Any, path: Any) -> None:
    reply = {"data": {"products": items}, "errors": [wrong("FORBIDDEN", path)]}
    assert set((await run_query(catalog, reply, ALL))[1]) == {"a", "b", "c"}


async def test_null_list_from_a_failed_item_fails_all_keys(catalog: Graph) -> None:
    reply = {"data": {"products": None}, "errors": [wrong("FORBIDDEN", ["products", 1, "sku"])]}
    assert (await run_query(catalog, reply, ALL))[1] == dict.fromkeys("abc", "BACKEND_CREDENTIALS")


async def test_item_errors_fail_all_keys_of_a_grouped_batch(catalog: Graph) -> None:
    reply = products(A, None, B, errors=[wrong("FORBIDDEN", ["products", 1])])
    assert (await run_query(catalog, reply, LISTED))[1] == dict.fromkeys("ab", "BACKEND_CREDENTIALS")
