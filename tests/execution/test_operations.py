"""Whole operations: serial mutations, subscriptions, resolver info, plan caches, and the fallback to graphql-core."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import (
    AbortController,
    ExecutionHooks,
    build_schema,
    execute,
    execute_sync,
    experimental_execute_incrementally,
    parse,
    subscribe,
)

from graphfold.execution import planning
from graphfold.execution.planning import PLANNING_OUTCOMES, UNPLANNED_REASONS
from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import agree, agree_at_once, counted, same

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("""
    type Query { number: Int told(a: Int): String items: [Item] }
    type Item { id: Int told: String item: Item }
    type Mutation { add(n: Int!): Sum! fail: Sum }
    type Sum { value: Int later: Int }
    type Subscription { ticks: Int items: Item }
""")
OWN_RESOLVER_ONLY = build_schema("type Query { a: Int b: B } type B { c: Int }")


async def test_mutation_root_fields_run_serially() -> None:
    def root() -> dict[str, Any]:
        state = {"sum": 0}

        async def add(_info: Any, n: int) -> Any:
            before = state["sum"]
            await asyncio.sleep(0.002 / n)
            state["sum"] = before + n
            return {"value": state["sum"], "later": lambda _info: asyncio.sleep(0, state["sum"])}

        def fail(_info: Any) -> Any:
            raise ValueError(f"at {state['sum']}")

        return {"add": add, "fail": fail}

    query = (
        "mutation { a: add(n: 1) { value later } fail { value } b: add(n: 2) { later value } c: add(n: 3) { value } }"
    )
    result = await agree(SCHEMA, query, root)
    assert [result.data[name]["value"] for name in "abc"] == [1, 3, 6]  # type: ignore[index]


async def test_mutation_fields_after_null_data_are_not_run() -> None:
    called: list[int] = []

    def root() -> dict[str, Any]:
        async def add(_info: Any, n: int) -> Any:
            called.append(n)
            return None if n == 2 else {"value": n}

        return {"add": add}

    query = "mutation { a: add(n: 1) { value } b: add(n: 2) { value } c: add(n: 3) { value } }"
    await agree(SCHEMA, query, root)
    assert called == [1, 2, 1, 2]


async def test_subscription_events_match_graphql_core() -> None:
    async def ticks(_root: Any, _info: Any) -> AsyncIterator[Any]:
        for event in ({"items": {"id": 1}}, {"items": {"id": "x"}}, {"items": None}, {"items": ValueError("no")}):
            yield event

    subscription: Any = SCHEMA.subscription_type
    subscription.fields["items"].subscribe = ticks
    document = parse("subscription { items { id told } }")
    core: Any = await _started(subscribe(SCHEMA, document))
    with counted("planned"):
        ours: Any = await _started(subscribe(SCHEMA, document, executor_class=PlanExecutor))
        first = await anext(ours)
    same(await anext(core), first, exact=True)
    rest = [result async for result in ours]
    for theirs, mine in zip([result async for result in core], rest, strict=True):
        same(theirs, mine, exact=True)


async def _started(stream: Any) -> Any:
    return stream if hasattr(stream, "__aiter__") else await stream


def test_resolver_info_matches_graphql_core() -> None:
    seen: list[dict[str, Any]] = []

    def told(info: Any, **arguments: Any) -> str:
        return repr((
            info.field_name, info.path.as_list(), str(info.parent_type), str(info.return_type), info.context,
            info.operation.name.value, sorted(info.fragments), info.variable_values.coerced, len(info.field_nodes),
            arguments,
        ))  # fmt: skip

    def root() -> dict[str, Any]:
        seen.append({})
        item: dict[str, Any] = {"id": 1, "told": told}
        return {"told": told, "items": [item, {**item, "item": item}]}

    query = """query Q($a: Int = 3) { told(a: $a) items { told ...F } } fragment F on Item { item { told } told }"""
    result = agree_at_once(SCHEMA, query, root, context_value="context", variable_values={"a": 5})
    assert "['items', 1, 'item', 'told']" in result.data["items"][1]["item"]["told"]  # type: ignore[index]


def test_object_attributes_are_read_once() -> None:
    class Item:
        def __init__(self) -> None:
            self.reads = 0

        @property
        def id(self) -> Any:
            self.reads += 1
            return "not a number" if self.reads == 1 else self.reads

    class Asked:
        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            return ValueError(name) if name == "id" else None

    items: list[Any] = []

    def root() -> dict[str, Any]:
        items[:] = [Item(), Asked(), Item()]
        return {"items": items}

    agree_at_once(SCHEMA, "{ items { id told } }", root)
    assert items[0].reads == 1


def test_cached_plan_uses_the_field_resolver_of_each_run() -> None:
    document = parse("{ a b { c } }")
    for number in (1, 2):
        resolver = lambda _source, info, n=number: {} if info.field_name == "b" else n  # noqa: E731
        result = agree_at_once(OWN_RESOLVER_ONLY, document, field_resolver=resolver)
        assert result.data == {"a": number, "b": {"c": number}}


def test_one_document_gets_a_plan_for_each_schema() -> None:
    document = parse("{ a }")
    for declared in ("Int", "String", "[Int]"):
        schema = build_schema(f"type Query {{ a: {declared} }}")
        agree_at_once(schema, document, lambda: {"a": 1})


LEAVES = build_schema("""
    enum Mood { GLAD SAD }
    type Query { things: [Thing!]! }
    type Thing {
        int: Int real: Float! text: String id: ID flag: Boolean mood: Mood many: [Int!] rows: [[Int]] most: [Mood]!
    }
""")


class Text(StrEnum):
    A = "a"


class Thing:
    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


ODD: dict[str, list[Any]] = {
    "int": [2**31, -(2**31) - 1, 2**31 - 1, -(2**31), True, 1.0, 1.5, "1", "x", None, ValueError("x"), lambda _info: 5],
    "real": [1, True, float("nan"), float("inf"), -float("inf"), None, "1.5", 2**2000, Decimal("1.5")],
    "text": [1, 1.5, True, b"x", None, {}, Text.A],
    "id": [1, 1.0, 1.5, None, True],
    "flag": [1, 0.0, "true", None],
    "mood": ["SAD", "BAD", None, 1, []],
    "many": [[], (1, 2), [1, None], [2**31], "12", None, {1: 2}, [ValueError("x")], iter([1])],
    "rows": [[[1], None], [[1, "x"]], [None], 5],
    "most": [["GLAD", None], ["BAD"], None],
}

CASES = [(name, i) for name, values in ODD.items() for i in range(len(values))]


@pytest.mark.parametrize("of", [dict, Thing, SimpleNamespace])
@pytest.mark.parametrize(("name", "i"), CASES)
def test_generated_row_builder_handles_one_unusual_leaf_value(name: str, i: int, of: Any) -> None:
    """Generated code builds rows of many objects; it must leave unusual values to completion."""

    def root() -> dict[str, Any]:
        good = {"int": 1, "real": 1.5, "text": "t", "id": "i", "flag": True, "mood": "GLAD", "many": [1, 2]}
        things = [of(**good, rows=[[1]], most=["SAD"]) for _ in range(60)]
        odd = iter([1]) if isinstance(ODD[name][i], Iterator) else ODD[name][i]
        return {"things": [*things, of(**{**good, "rows": [], "most": [], name: odd})]}

    agree_at_once(LEAVES, "{ things { int real text id flag mood many rows most __typename } }", root)


def test_generated_and_plain_row_builders_agree() -> None:
    def root() -> dict[str, Any]:
        good = [{"id": i, "told": f"{i}"} for i in range(60)]
        return {"items": [*good, {"id": 1.5, "told": None}, None, {"id": True, "told": 5}, ValueError("item")]}

    document = parse("{ items { id a: told __typename told } }")
    for _ in range(3):
        agree_at_once(SCHEMA, document, root)
        agree_at_once(SCHEMA, document, lambda: {"items": [{"id": 1, "told": "x"}] * 60})


def test_mutation_without_mutation_type_returns_null_data() -> None:
    result = agree_at_once(build_schema("type Query { a: Int }"), "mutation { a }")
    assert result.data is None


HOOKS = ExecutionHooks(async_work_finished=lambda _info: None)
FALLBACK: dict[str, tuple[str, dict[str, Any]]] = {
    "introspection": ("{ __schema { queryType { name } } number }", {}),
    "introspection below": ('{ number ...F } fragment F on Query { __type(name: "Item") { name } }', {}),
    "fragment-variables": ("{ ...F(a: 3) } fragment F($a: Int) on Query { told(a: $a) }", {}),
    "field-hooks": ("{ number }", {"middleware": [lambda following, *a, **k: following(*a, **k)]}),
    "execution-hooks": ("{ number }", {"hooks": HOOKS}),
    "abort-signal": ("{ number }", {"abort_signal": AbortController().signal}),
    "own-awaitables": ("{ number }", {"is_awaitable": lambda _value: False}),
}


@pytest.mark.parametrize("name", FALLBACK)
def test_unplannable_operation_falls_back_to_graphql_core(name: str) -> None:
    query, options = FALLBACK[name]
    document = parse(query, experimental_fragment_arguments="(" in query.split("}")[0])
    result = agree_at_once(SCHEMA, document, lambda: {"number": 1}, reason=name.split(maxsplit=1)[0], **options)
    assert result.errors is None


async def test_incremental_delivery_falls_back_to_graphql_core() -> None:
    schema = build_schema(
        "directive @defer(if: Boolean! = true, label: String) on INLINE_FRAGMENT type Query { a: Int }"
    )
    with counted("incremental"):
        result: Any = experimental_execute_incrementally(
            schema, parse("{ ... @defer { a } }"), {"a": 1}, executor_class=PlanExecutor
        )
    assert result.initial_result.has_next
    assert [patch async for patch in result.subsequent_results]


def test_execute_sync_falls_back_to_graphql_core() -> None:
    with counted("synchronous"):
        result = execute_sync(SCHEMA, parse("{ number }"), {"number": 1}, executor_class=PlanExecutor)
    assert result.data == {"number": 1}


def test_fragments_too_deep_for_a_plan_fall_back_to_graphql_core() -> None:
    depth = 2_000
    chain = " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(depth))
    document = parse(f"{{ ...F0 }} {chain} fragment F{depth} on Query {{ number }}", no_location=True)
    agree_at_once(SCHEMA, document, reason="too-deep")


def test_unplanned_reasons_are_all_listed_and_tested() -> None:
    assert set(PLANNING_OUTCOMES) <= {*UNPLANNED_REASONS, "planned"}
    assert {name.split()[0] for name in FALLBACK} | {"synchronous", "too-deep", "incremental"} == set(UNPLANNED_REASONS)


def test_plan_variants_kept_per_document_are_bounded() -> None:
    names = [f"v{i}" for i in range(8)]
    declared = " ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: number @include(if: ${name})" for name in names)
    document = parse(f"query ({declared}) {{ {fields} }}")
    for number in range(2**8):
        values = {name: bool(number >> i & 1) for i, name in enumerate(names)}
        result = agree_at_once(SCHEMA, document, lambda: {"number": 1}, variable_values=values)
        assert result.data == {name: 1 for name in names if values[name]}
    kept = SCHEMA.extensions[planning._NOTE][id(document.definitions[0])]
    assert len(kept.plans) == planning.VARIANTS


def test_cached_plan_does_not_keep_its_schema_alive() -> None:
    schema = build_schema("type Query { a: Int }")
    agree_at_once(schema, "{ a }", lambda: {"a": 1})
    gone = weakref.ref(schema)
    del schema
    gc.collect()
    assert gone() is None


async def test_finished_run_leaves_no_garbage_cycle_of_loaded_objects() -> None:
    class Loaded:
        id = 1

    async def items(info: Any) -> Any:
        info.context.extend(Loaded() for _ in range(3))
        return info.context

    gc.collect()
    gc.disable()
    try:
        query = parse("{ items { id } }")
        result: Any = execute(SCHEMA, query, {"items": items}, context_value=[], executor_class=PlanExecutor)
        assert (await result).data == {"items": [{"id": 1}] * 3}
        del result
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Loaded)]
    finally:
        gc.enable()


def test_plan_cache_is_bounded_and_skips_long_documents() -> None:
    SCHEMA.extensions.pop(planning._NOTE, None)
    for number in range(60):
        agree_at_once(SCHEMA, parse(f"query Q{number} {{ number }} #" + "x" * 20_000), lambda: {"number": 1})
    agree_at_once(SCHEMA, parse("query Long { number } #" + "x" * 25_000), lambda: {"number": 1})
    kept = SCHEMA.extensions[planning._NOTE]
    assert 0 < kept.currsize <= planning.CHARACTERS
    assert not any(compiled.operation.name.value == "Long" for compiled in kept.values())


@pytest.mark.parametrize("field", ["item", "items"])
def test_objects_nested_too_deep_for_the_stack_return_an_error(field: str) -> None:
    schema = build_schema("type Query { item: Item } type Item { item: Item items: [Item] }")
    item: dict[str, Any] = {}
    item.update(item=item, items=[item])
    depth = 185
    query = parse(f"{{ item {{ {f'{field} {{ ' * depth} __typename {'}' * depth} }} }}")
    result: Any = execute(schema, query, {"item": item}, executor_class=PlanExecutor)
    assert result.errors
