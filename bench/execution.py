"""Measure execution alone: no network, no parsing, everything in memory. `python -m bench.execution`.

Times are processor times, so that other work on the machine matters little.

The deep query, 100 customers -> orders -> lines -> product -> stock, as a plan whose fields are links, as a plan whose
resolvers are driven, by graphql-core with aiodataloader, and by hand; then a load, a small query and a first query.
"""

# No `from __future__ import annotations` here: Strawberry reads the annotations when the module is loaded.

import asyncio
import gc
import inspect
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from statistics import median, quantiles
from typing import Any, Protocol, TypeVar, cast

import msgspec
import orjson
import strawberry
from aiodataloader import DataLoader
from graphql import DocumentNode, GraphQLSchema, execute, parse, validate

from bench.plan_executor import PlanExecutor
from graphfold.adapter.base import Adapter
from graphfold.composition.decorators import resolves
from graphfold.declarations import declaring
from graphfold.loading.load import Loader
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.loading.source import Source
from graphfold.viewer import Viewer

DEPTH = 5
"""Of the chain of one object."""

V_co = TypeVar("V_co", covariant=True)
Run = Callable[[], Coroutine[Any, Any, Any]]


@strawberry.type
class Product:
    id: int
    name: str
    price: float


@strawberry.type
class Line:
    quantity: int
    product_id: strawberry.Private[int]


@strawberry.type
class Order:
    id: int
    total: float


@strawberry.type
class Customer:
    id: int
    name: str


@strawberry.type
class Link:
    value: int

    @strawberry.field
    def plain(self) -> "Link":
        return Link(value=self.value + 1)

    @strawberry.field
    async def coroutine(self) -> "Link":
        return Link(value=self.value + 1)


class Loads(Protocol[V_co]):
    def load(self, key: int) -> Awaitable[V_co]: ...


class Shop(Adapter):
    """The class that resolvers name in their annotations; they receive a `Desk`."""

    orders: Loads[list[Order]]
    lines: Loads[list[Line]]
    products: Loads[Product]
    stock: Loads[int]
    links: Loads[Link]


@strawberry.type
class Row:
    a: int
    b: str
    c: float
    d: bool
    e: str | None
    f: int | None
    g: strawberry.ID
    h: str


ROWS = [Row(a=i, b="b", c=1.5, d=True, e=None, f=i, g=strawberry.ID(str(i)), h="h") for i in range(1_000)]


@strawberry.type
class Query:
    @strawberry.field
    async def customers(self, count: int) -> list[Customer]:
        return [Customer(id=i, name=f"c{i}") for i in range(count)]

    @strawberry.field
    def link(self) -> Link:
        return Link(value=0)

    @strawberry.field
    def rows(self) -> list[Row]:
        return ROWS


def orders(ids: list[int]) -> dict[int, Any]:
    return {i: [Order(id=i * 3 + k, total=1.5) for k in range(3)] for i in ids}


def lines(ids: list[int]) -> dict[int, Any]:
    return {i: [Line(quantity=1, product_id=(i * 3 + k) % 200) for k in range(3)] for i in ids}


def products(ids: list[int]) -> dict[int, Any]:
    return {i: Product(id=i, name=f"p{i}", price=2.5) for i in ids}


def stock(ids: list[int]) -> dict[int, Any]:
    return {i: i % 7 for i in ids}


def links(values: list[int]) -> dict[int, Any]:
    return {value: Link(value=value + 1) for value in values}


SOURCES = {function.__name__: function for function in (orders, lines, products, stock, links)}


with declaring():  # each load twice: in the one line that is seen to be a link, and in two that are driven

    @resolves(Customer)
    async def orders_linked(self: Customer, shop: Shop) -> list[Order]:
        return await shop.orders.load(self.id)

    @resolves(Customer)
    async def orders_driven(self: Customer, shop: Shop) -> list[Order]:
        found: list[Order] = await shop.orders.load(self.id)
        return found

    @resolves(Order)
    async def lines_linked(self: Order, shop: Shop) -> list[Line]:
        return await shop.lines.load(self.id)

    @resolves(Order)
    async def lines_driven(self: Order, shop: Shop) -> list[Line]:
        found: list[Line] = await shop.lines.load(self.id)
        return found

    @resolves(Line)
    async def product_linked(self: Line, shop: Shop) -> Product:
        return await shop.products.load(self.product_id)

    @resolves(Line)
    async def product_driven(self: Line, shop: Shop) -> Product:
        found: Product = await shop.products.load(self.product_id)
        return found

    @resolves(Product)
    async def stock_linked(self: Product, shop: Shop) -> int:
        return await shop.stock.load(self.id)

    @resolves(Product)
    async def stock_driven(self: Product, shop: Shop) -> int:
        found: int = await shop.stock.load(self.id)
        return found

    @resolves(Link)
    async def load_linked(self: Link, shop: Shop) -> Link:
        return await shop.links.load(self.value)

    @resolves(Link)
    async def load_driven(self: Link, shop: Shop) -> Link:
        found: Link = await shop.links.load(self.value)
        return found


class Desk:
    """The loaders that resolvers receive for a `Shop`: one batch per source, by graphfold or by aiodataloader."""

    def __init__(self, scope: OperationScope, *, tasks: bool) -> None:
        for name, function in SOURCES.items():
            setattr(self, name, TaskBatch(function) if tasks else Batch(scope, function))


class Memory(Source[int]):
    """A data source without a cache that does not inspect its results."""

    def __init__(self, scope: OperationScope, function: Callable[[list[int]], dict[int, Any]]) -> None:
        async def fetch(keys: list[int]) -> dict[int, Any]:
            return await _answered(function, keys)

        nothing = frozenset[str]()
        super().__init__(scope, fetch, view=None, requested_fields=lambda _: nothing, fields=nothing)
        self._answer = fetch

    async def fetch(self, keys: list[int], in_flight: object = None) -> dict[int, Any]:
        return await self._answer(keys)


class Batch:
    def __init__(self, scope: OperationScope, function: Callable[[list[int]], dict[int, Any]]) -> None:
        self._loader: Loader[int] = Loader(Memory(scope, function))

    def level_loader(self) -> Loader[int]:
        return self._loader

    def canonical_keys(self, keys: list[int]) -> list[int]:
        return keys

    def required_value(self, answer: Any, key: int) -> Any:
        return answer

    def load(self, key: int) -> Awaitable[Any]:
        return self._loader.load(key, self.required_value)


class TaskBatch:
    def __init__(self, function: Callable[[list[int]], dict[int, Any]]) -> None:
        async def fetch(keys: list[int]) -> list[Any]:
            await asyncio.sleep(0)
            found = function(keys)
            return [found[key] for key in keys]

        self.load = DataLoader(fetch).load


class Context:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def adapter(self, _kind: type) -> Desk:
        return self._desk


SCHEMA: GraphQLSchema = strawberry.Schema(Query)._schema  # noqa: SLF001  # Strawberry has no public name for it


def ours(query: str, schema: GraphQLSchema = SCHEMA) -> Run:
    return _runner(schema, parse(query), PlanExecutor, tasks=False)


def core(query: str, schema: GraphQLSchema = SCHEMA) -> Run:
    return _runner(schema, parse(query), None, tasks=True)


def _runner(schema: GraphQLSchema, document: DocumentNode, executor: Any, *, tasks: bool) -> Run:
    assert not validate(schema, document)

    async def run() -> Any:
        scope = OperationScope(cast("SharedResources", None), Viewer(), dict)
        context = Context(Desk(scope, tasks=tasks))
        result: Any = execute(schema, document, context_value=context, executor_class=executor)
        result = await result if inspect.isawaitable(result) else result
        assert not result.errors, result.errors
        return orjson.dumps(result.data)

    return run


async def by_hand() -> Any:
    """Answer the deep query by hand, one level at a time, without checking values."""
    customers = [Customer(id=i, name=f"c{i}") for i in range(100)]
    orders_of = await _answered(orders, [c.id for c in customers])
    all_orders = [o for c in customers for o in orders_of[c.id]]
    lines_of = await _answered(lines, [o.id for o in all_orders])
    all_lines = [line for o in all_orders for line in lines_of[o.id]]
    product_of = await _answered(products, list({line.product_id for line in all_lines}))
    stock_of = await _answered(stock, list(product_of))

    def line_row(line: Line) -> dict[str, Any]:
        product = product_of[line.product_id]
        shown = {"id": product.id, "name": product.name, "price": product.price, "stock": stock_of[product.id]}
        return {"quantity": line.quantity, "product": shown}

    def order_row(order: Order) -> dict[str, Any]:
        return {"id": order.id, "total": order.total, "lines": [line_row(line) for line in lines_of[order.id]]}

    rows = [{"id": c.id, "name": c.name, "orders": [order_row(o) for o in orders_of[c.id]]} for c in customers]
    return orjson.dumps({"customers": rows})


async def _answered(function: Callable[[list[int]], dict[int, Any]], keys: list[int]) -> dict[int, Any]:
    await asyncio.sleep(0)
    return function(keys)


DEEP_OBJECTS = 1 + 3 + 9 + 9
"""Of one customer in the answer of the deep query."""


def deep(style: str, count: int = 100) -> str:
    return (
        f"{{ customers(count: {count}) {{ id name orders: orders{style} {{ id total lines: lines{style} {{"
        f" quantity product: product{style} {{ id name price stock: stock{style} }} }} }} }} }}"
    )


def chain(field: str) -> str:
    return "{ link { value " + f"next: {field} {{ value " * DEPTH + "}" * DEPTH + "} }"


async def milliseconds(run: Run, rounds: int) -> float:
    """Return the lower quartile of this many runs."""
    await run()
    times = []
    for _ in range(rounds):
        started = time.process_time()
        await run()
        times.append(time.process_time() - started)
    return quantiles(times, n=4)[0] * 1e3


async def first_seen(count: int = 20) -> tuple[float, float, float]:
    """Return milliseconds: parsing and validating a document, its first run, and a later run."""
    checks, firsts, laters = [], [], []
    for i in range(count):
        text = deep("Linked", 2).replace("id name", "id name " + " ".join(f"a{k}: id" for k in range(i)))
        started = time.process_time()
        document = parse(text)
        assert not validate(SCHEMA, document)
        checks.append(time.process_time() - started)
        run = _runner(SCHEMA, document, PlanExecutor, tasks=False)
        started = time.process_time()
        await run()
        firsts.append(time.process_time() - started)
        laters.append(await milliseconds(run, 10) / 1e3)
    return median(checks) * 1e3, median(firsts) * 1e3, median(laters) * 1e3


class Measured(msgspec.Struct):
    """One figure and its goal: `wanted` is its maximum, or its minimum if `least`."""

    name: str
    value: float
    wanted: float | None = None
    least: bool = False

    def __str__(self) -> str:
        wanted = "" if self.wanted is None else f"{'>=' if self.least else '<='} {self.wanted:g}"
        return f"{self.name:52} {self.value:9.3f}  {wanted}"


async def table() -> list[Measured]:
    """Return everything measured here."""
    hand = await milliseconds(by_hand, 30)
    linked, driven = await milliseconds(ours(deep("Linked")), 30), await milliseconds(ours(deep("Driven")), 20)
    tasks = await milliseconds(core(deep("Linked")), 5)
    loads = 100 + 300 + 900 + 900
    rows = [
        Measured("deep by hand, ms", hand),
        Measured("deep as links, ms", linked),
        Measured("deep as links / by hand", linked / hand, 2.5),
        Measured("deep by graphql-core and aiodataloader / as links", tasks / linked, 30, least=True),
        Measured("deep driven, ms", driven),
        Measured("a driven load more than a link, us", (driven - linked) / loads * 1e3, 2.5),
    ]
    small = {"{ link { value } }": "one object", chain("plain"): "a chain", chain("coroutine"): "a chain of coroutines"}
    small |= {chain("loadLinked"): "a chain of links", chain("loadDriven"): "a chain of driven loads"}
    for query, name in small.items():
        ratio = await milliseconds(ours(query), 400) / await milliseconds(core(query), 400)
        rows.append(Measured(f"{name} / by graphql-core", ratio, 1))
    rows.append(Measured("1,000 x 8 leaves, ms", await milliseconds(ours("{ rows { a b c d e f g h } }"), 40)))
    check, first, later = await first_seen()
    rows.append(Measured("compiling / parsing and validating", (first - later) / check, 0.3))
    for count in (10, 100, 1_000):
        each = await milliseconds(ours(deep("Linked", count)), 1_000 // count + 5) / count * 1e3
        rows.append(Measured(f"deep, {count} customers: us for each", each))
    return rows


def main() -> None:
    assert asyncio.run(by_hand()) == asyncio.run(ours(deep("Linked"))()) == asyncio.run(core(deep("Driven"))())
    gc.collect()
    gc.freeze()
    rows = asyncio.run(table())
    output = msgspec.json.encode(rows).decode() if "--json" in sys.argv else "\n".join(map(str, rows))
    print(output)  # noqa: T201  # a script that talks to whoever runs it


if __name__ == "__main__":
    main()
