"""Fallbacks: a field answers with a value, or from another backend, while its own backend fails."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import Keys, RestAdapter, Row, batch, by, resolves
from graphfold.graph.graph import Graph
from graphfold.mistakes import Mistake
from graphfold.testing import FakeBackend, fakes, graph_of
from graphfold.testing.conformance.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture(params=["breadth-first", "graphql-core"])
def environment(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Settings for both executors."""
    return {
        "GRAPHFOLD_EXECUTION": request.param,
        "GRAPHFOLD_DEADLINE": "2",
        "GRAPHFOLD_CALL_TIMEOUT": "60",
        "GRAPHFOLD_SHOP_RETRIES": "0",
    }


def stock(request: httpx.Request) -> Any:
    return [{"sku": sku, "pieces": 5} for sku in request.url.params["ids"].split(",") if sku != "gone"]


async def never(_: httpx.Request) -> None:
    await asyncio.Event().wait()


def shop(environment: Mapping[str, str]) -> Graph:  # noqa: C901  # a graph: many functions of a line
    """Declare the graph."""

    @strawberry.type
    class Stock:
        pieces: int

    @strawberry.type
    class Product:
        sku: str

    @strawberry.type
    class Query:
        pass

    class StockRow(Row[Stock], key="sku"):
        sku: str
        pieces: int

    class Shop(RestAdapter):
        identity = "service"

        @batch()
        async def stock(self, skus: Keys[str]) -> dict[str, StockRow]:
            return by(await self.get("/stock", list[StockRow], ids=",".join(skus)), lambda row: row.sku)

    class Archive(RestAdapter):
        identity = "service"

        @batch()
        async def stock(self, skus: Keys[str]) -> dict[str, StockRow]:
            return by(await self.get("/stock", list[StockRow], ids=",".join(skus)), lambda row: row.sku)

    async def archived(self: Product, archive: Archive) -> Stock | None:
        return await archive.stock.find(self.sku)

    async def some(self: Product, more: int, archive: Archive) -> int:
        found = await archive.stock.load(self.sku)
        return found.pieces + more

    @resolves(Query)
    def products(skus: list[str]) -> list[Product]:
        return [Product(sku=sku) for sku in skus]

    @resolves(Product, fallback=None)
    async def stock(self: Product, shop: Shop) -> Stock | None:
        return await shop.stock.load(self.sku)

    @resolves(Product, fallback=0)
    async def pieces(self: Product, shop: Shop) -> int:
        return (await shop.stock.load(self.sku)).pieces

    @resolves(Product, fallback=archived)
    async def known(self: Product, shop: Shop) -> Stock | None:
        return await shop.stock.load(self.sku)

    @resolves(Product, fallback=some)
    async def plus(self: Product, more: int, shop: Shop) -> int:
        return (await shop.stock.load(self.sku)).pieces + more

    @resolves(Product, fallback=7)
    async def sleeps(self: Product) -> int:
        await asyncio.Event().wait()
        return 1

    return graph_of(environment)


async def run(
    environment: Mapping[str, str], field: str, answer: Any, *skus: str, archive: Any = stock
) -> dict[str, Any]:
    graph, skus = shop(environment), skus or ("a",)
    backends = fakes(shop=FakeBackend({"GET /stock": answer}), archive=FakeBackend({"GET /stock": archive}))
    async with graph.running(transports=backends):
        query = f"query($skus: [String!]!) {{ products(skus: $skus) {{ {field} }} }}"
        return (await graph.execute(query, {"skus": list(skus)}, request_id="r")).document()


def fallback_extensions(code: str, field: str, *indexes: int) -> dict[str, Any]:
    return {"fallbacks": [{"path": ["products", index, field], "code": code} for index in indexes or (0,)]}


OUTAGES = [
    (500, "BACKEND_UNAVAILABLE"),
    (504, "BACKEND_TIMEOUT"),
    (200, "BACKEND_BAD_REPLY"),
    (429, "BACKEND_BUSY"),
]

FIELDS = {
    "stock { pieces }": None,
    "pieces": 0,
    "known { pieces }": {"pieces": 5},
    "plus(more: 2)": 7,
}


@pytest.mark.parametrize("field", FIELDS)
async def test_fallback_answers_while_the_backend_fails(environment: Mapping[str, str], field: str) -> None:
    name = field.partition(" ")[0].partition("(")[0]
    assert await run(environment, field, httpx.Response(500)) == {
        "data": {"products": [{name: FIELDS[field]}]},
        "extensions": fallback_extensions("BACKEND_UNAVAILABLE", name),
    }


async def test_covered_error_is_logged_once(environment: Mapping[str, str], log: list[Any]) -> None:
    await run(environment, "pieces", httpx.Response(500), "a", "b")
    [line] = [line for line in log if line["event"] == "error"]
    assert line == {
        "event": "error",
        "log_level": "warning",
        "answered_by": "fallback",
        "backend": "shop",
        "operation": "stock",
        "code": "BACKEND_UNAVAILABLE",
        "internal": line["internal"],
        "request_id": "r",
        "places": 2,
    }
    assert "status 500" in line["internal"]


@pytest.mark.parametrize(("status", "code"), OUTAGES)
async def test_every_kind_of_outage_is_covered(environment: Mapping[str, str], status: int, code: str) -> None:
    answer = await run(environment, "pieces", httpx.Response(status, text="<h1>Maintenance</h1>"))
    assert answer == {"data": {"products": [{"pieces": 0}]}, "extensions": fallback_extensions(code, "pieces")}


@pytest.mark.parametrize("field", ["pieces", "stock { pieces }"])
async def test_fallback_is_not_used_while_the_backend_answers(environment: Mapping[str, str], field: str) -> None:
    answer = await run(environment, field, stock, "a", "b")
    assert "extensions" not in answer
    assert "errors" not in answer


async def test_fallback_value_answers_at_the_deadline_of_a_load(environment: Mapping[str, str]) -> None:
    assert await run(environment, "pieces", never) == {
        "data": {"products": [{"pieces": 0}]},
        "extensions": fallback_extensions("DEADLINE_EXCEEDED", "pieces"),
    }


async def test_fallback_value_answers_at_the_deadline_of_any_wait(environment: Mapping[str, str]) -> None:
    assert await run(environment, "sleeps", stock) == {
        "data": {"products": [{"sleeps": 7}]},
        "extensions": fallback_extensions("DEADLINE_EXCEEDED", "sleeps"),
    }


async def test_fallback_function_is_not_called_after_the_deadline(environment: Mapping[str, str]) -> None:
    answer = await run(environment, "known { pieces }", never)
    assert answer["data"] == {"products": [{"known": None}]}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["DEADLINE_EXCEEDED"]


async def test_missing_object_is_not_covered(environment: Mapping[str, str]) -> None:
    answer = await run(environment, "stock { pieces }", stock, "a", "gone")
    assert answer["data"] == {"products": [{"stock": {"pieces": 5}}, {"stock": None}]}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["NOT_FOUND"]
    assert "extensions" not in answer


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (httpx.Response(400), "BACKEND_REJECTED"),
        (httpx.Response(401), "BACKEND_CREDENTIALS"),
        (httpx.Response(405), "BACKEND_CONTRACT"),
        (httpx.Response(200, json=[{"sku": "a", "left": 1}]), "BACKEND_CONTRACT"),
        (httpx.Response(404), "NOT_FOUND"),
    ],
)
async def test_refusals_and_contract_violations_are_not_covered(
    environment: Mapping[str, str], reply: httpx.Response, code: str
) -> None:
    answer = await run(environment, "known { pieces }", reply)
    assert answer["data"] == {"products": [{"known": None}]}
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_error_of_the_fallback_replaces_the_first_error(environment: Mapping[str, str]) -> None:
    answer = await run(environment, "known { pieces }", httpx.Response(500), archive=httpx.Response(200, text="x"))
    assert answer["data"] == {"products": [{"known": None}]}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["backend"]) == (["products", 0, "known"], "archive")
    assert error["extensions"]["code"] == "BACKEND_BAD_REPLY"


async def test_fallback_answers_only_for_the_failed_keys(environment: Mapping[str, str]) -> None:
    def twice(request: httpx.Request) -> Any:
        return [{"sku": "a", "pieces": 1}, *stock(request)]

    answer = await run(environment, "known { pieces }", twice, "a", "b", archive=lambda r: [{"sku": "a", "pieces": 9}])
    assert answer["data"] == {"products": [{"known": {"pieces": 9}}, {"known": {"pieces": 5}}]}
    assert answer["extensions"] == fallback_extensions("BACKEND_BAD_REPLY", "known", 0)


def test_explanation_shows_fallbacks(environment: Mapping[str, str]) -> None:
    graph = shop(environment)
    steps = graph.explain('{ products(skus: ["a"]) { known { pieces } pieces } }').walk()
    assert {step.path: step.fallback for step in steps} == {"products.known": "archived", "products.pieces": "0"}


DECLARED = """
@strawberry.type
class Thing:
    number: str

@strawberry.type
class Query:
    pass

@strawberry.type
class Mutation:
    pass

async def other(self: Thing) -> str:
    return ""

async def asks(self: Thing, how: str) -> int:
    return 1
"""


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "@resolves(Thing, fallback=None)\nasync def size(self: Thing) -> int:\n    return 1",
            "fallback=None is not what",
        ),
        (
            "@resolves(Thing, fallback='0')\nasync def size(self: Thing) -> int:\n    return 1",
            "fallback='0' is not what",
        ),
        (
            "@resolves(Thing, fallback=other)\nasync def size(self: Thing) -> int:\n    return 1",
            "another return type than size",
        ),
        ("@resolves(Thing, fallback=asks)\nasync def size(self: Thing) -> int:\n    return 1", "asks takes self, how"),
        ("@resolves(Mutation, fallback=1)\nasync def change() -> int:\n    return 1", "Mutation has no fallback"),
    ],
)
def test_unfit_fallback_is_a_mistake_at_import(
    imported: Callable[[str], ModuleType], source: str, message: str
) -> None:
    with pytest.raises(Mistake) as mistake:
        imported(DECLARED + source)
    assert message in str(mistake.value)
    assert "Fix:" in str(mistake.value)


ARCHIVES = """
class Loyalty(RestAdapter):
    @batch()
    async def points(self, numbers: Keys[str]) -> dict[str, int]:
        return await self.get("/points", dict[str, int])

class Archive(RestAdapter):
    @batch()
    async def points(self, numbers: Keys[str]) -> dict[str, int]:
        return {number: 120 for number in numbers}

@resolves(Query)
def customer() -> Customer:
    return Customer(number="1", name="Ann")
"""


async def test_example_of_the_docs_page_answers_as_shown(imported: Callable[[str], ModuleType]) -> None:
    page = (Path(__file__).parents[3] / "docs" / "fallbacks.md").read_text(encoding="utf-8")
    [code, answer] = re.findall(r"^```(?:python|json)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    imported(ARCHIVES + code)
    graph = graph_of({"GRAPHFOLD_LOYALTY_RETRIES": "0"})
    async with graph.running(transports=fakes(loyalty=FakeBackend({"GET /points": httpx.Response(500)}))):
        document = (await graph.execute("{ customer { earned } }")).document()
        assert document == json.loads(answer)
        assert (await graph.execute("{ customer { isMember } }")).data == {"customer": {"isMember": False}}
