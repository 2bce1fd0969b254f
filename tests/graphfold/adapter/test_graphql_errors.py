"""Errors in the replies of a GraphQL backend: whose turn it is, and which keys they take down."""

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


async def told(graph: Graph, reply: Any, query: str) -> tuple[Any, dict[str, str], int]:
    """The data, the codes by the field they took down, and how many calls it took."""
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
async def test_an_error_is_typed_by_its_code_and_status(
    catalog: Graph, code: Any, status: int, ours: str, calls: int
) -> None:
    reply = httpx.Response(status, json={"data": {"x": {"first": None}}, "errors": [wrong(code)]})
    assert await told(catalog, reply, FIRST) == ({"first": None}, {"first": ours}, calls)


async def test_an_adapter_reads_a_refused_request_by_its_message(catalog: Graph) -> None:
    reply = httpx.Response(400, json={"errors": [{"message": "odd"}]})
    assert (await told(catalog, reply, FIRST))[1] == {"first": "BACKEND_REJECTED"}


async def test_a_defect_in_reading_an_error_does_not_hide_it(catalog: Graph, log: list[dict[str, Any]]) -> None:
    reply = httpx.Response(200, json={"errors": [{"message": "x", "extensions": {"code": "BAD_ID", "ids": []}}]})
    assert (await told(catalog, reply, FIRST))[1] == {"first": "BACKEND_REJECTED"}
    assert re.fullmatch(r"BAD_ID: x; IndexError at .*test_graphql_errors\.py:\d+: .*", log[-1]["internal"])


async def test_refused_requests_leave_the_breaker_alone(catalog: Graph) -> None:
    backend = FakeBackend({"POST /": httpx.Response(400, json={"errors": [{"message": "unknown field"}]})})
    async with catalog.running(transports=fakes(catalog=backend)) as graph:
        for _ in range(30):
            await graph.execute(FIRST)
    assert len(backend.calls) == 30


@pytest.mark.parametrize("path", [["other"], ["x", "other"], ["x", "other", 0, "first"], ["xx"]])
async def test_an_error_about_another_place_does_not_matter(catalog: Graph, path: list[Any]) -> None:
    reply = {"data": {"x": {"first": {"sku": "a", "stars": 5}}}, "errors": [wrong("FORBIDDEN", path)]}
    assert await told(catalog, reply, FIRST) == ({"first": {"stars": 5}}, {}, 1)


@pytest.mark.parametrize("data", [None, {"x": None}])
async def test_unless_its_null_took_the_answer_with_it(catalog: Graph, data: Any) -> None:
    reply = {"data": data, "errors": [wrong("FORBIDDEN", ["x", "other"])]}
    assert (await told(catalog, reply, FIRST))[1] == {"first": "BACKEND_CREDENTIALS"}


@pytest.mark.parametrize("path", [None, "x", [], ["x"], ["x", "first"], ["x", "first", "stars"]])
async def test_an_error_about_the_answer_or_a_part_of_it_takes_it_down(catalog: Graph, path: Any) -> None:
    reply = {"data": {"x": {"first": {"sku": "a", "stars": None}}}, "errors": [wrong("FORBIDDEN", path)]}
    assert (await told(catalog, reply, FIRST))[1] == {"first": "BACKEND_CREDENTIALS"}


def products(*items: Any, errors: list[Any]) -> dict[str, Any]:
    return {"data": {"products": list(items)}, "errors": errors}


A, B, C = ({"sku": sku, "stars": stars} for sku, stars in zip("abc", (1, 2, 3), strict=True))


@pytest.mark.parametrize("left", [None, {"sku": "b", "stars": None}, {}, "nonsense"])
async def test_an_error_about_one_item_takes_down_its_key_alone(catalog: Graph, left: Any) -> None:
    """Whatever the backend left of the item: a null in it may be the error's."""
    reply = products(A, left, C, errors=[wrong("FORBIDDEN", ["products", 1, "stars"])])
    data = {"a": {"stars": 1}, "b": None, "c": {"stars": 3}}
    assert await told(catalog, reply, ALL) == (data, {"b": "BACKEND_CREDENTIALS"}, 1)


async def test_errors_about_several_items_take_down_theirs(catalog: Graph) -> None:
    errors = [wrong("INTERNAL_SERVER_ERROR", ["products", place]) for place in (0, 2, 2)]
    data, codes, calls = await told(catalog, products(None, B, None, errors=errors), ALL)
    assert (data, calls) == ({"a": None, "b": {"stars": 2}, "c": None}, 1)
    assert codes == {"a": "BACKEND_UNAVAILABLE", "c": "BACKEND_UNAVAILABLE"}


async def test_what_is_not_in_the_list_may_be_what_failed(catalog: Graph) -> None:
    """An item that cannot be told from one that is missing is not called missing, nor is one beyond the list's end."""
    reply = products(A, None, errors=[wrong("NO_STARS", ["products", 1]), wrong("LATER", ["products", 9])])
    assert (await told(catalog, reply, ALL))[1] == {"b": "BACKEND_REJECTED", "c": "BACKEND_REJECTED"}


async def test_an_error_that_says_that_something_is_missing_is_none(catalog: Graph) -> None:
    reply = products(A, None, C, errors=[wrong("GONE", ["products", 1])])
    assert await told(catalog, reply, ALL) == ({"a": {"stars": 1}, "b": None, "c": {"stars": 3}}, {}, 1)


async def test_keys_that_the_backend_writes_otherwise_are_not_what_failed(catalog: Graph) -> None:
    reply = products({"sku": "A", "stars": 1}, None, C, errors=[wrong("FORBIDDEN", ["products", 1])])
    assert (await told(catalog, reply, ALL))[1] == {"b": "BACKEND_CREDENTIALS"}


@pytest.mark.parametrize("path", [None, ["products"], ["products", "stars"]])
@pytest.mark.parametrize("items", [[A, B, C], None])
async def test_an_error_about_the_whole_list_takes_down_all(catalog: Graph, items: Any, path: Any) -> None:
    reply = {"data": {"products": items}, "errors": [wrong("FORBIDDEN", path)]}
    assert set((await told(catalog, reply, ALL))[1]) == {"a", "b", "c"}


async def test_a_list_that_its_item_took_with_it_takes_down_all(catalog: Graph) -> None:
    reply = {"data": {"products": None}, "errors": [wrong("FORBIDDEN", ["products", 1, "sku"])]}
    assert (await told(catalog, reply, ALL))[1] == dict.fromkeys("abc", "BACKEND_CREDENTIALS")


async def test_lists_that_may_lack_an_item_are_not_told(catalog: Graph) -> None:
    reply = products(A, None, B, errors=[wrong("FORBIDDEN", ["products", 1])])
    assert (await told(catalog, reply, LISTED))[1] == dict.fromkeys("ab", "BACKEND_CREDENTIALS")
