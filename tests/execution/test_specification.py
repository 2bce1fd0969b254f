"""The Execution chapter of the GraphQL specification (October 2021 and later), section by section, by both executors.

Each test is named by the section whose rule it holds; `agree` runs it by graphql-core and as a plan.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, build_schema, parse, subscribe

from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import agree, agree_at_once, same

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("""
    interface Pet { name: String }
    type Dog implements Pet { name: String barks: Boolean! }
    type Cat implements Pet { name: String lives: Int! }
    union Animal = Dog | Cat
    enum Mood { GLAD SAD }
    input Where { city: String! = "Ulm" zip: Int code: [Int!] }
    type Place { city: String street(number: Int = 7): String parent: Place! }
    type Query {
        number(n: Int = 5): Int required: Int! text: String real: Float flag: Boolean id: ID mood: Mood
        list: [Int] items: [Int!] strict: [Int!]! grid: [[Int!]]
        place(where: Where, ids: [ID!], need: Int! = 3): Place sure: Place!
        pet: Pet pets: [Pet!] animal: Animal
    }
    type Mutation { change(to: Int!): Changed } type Changed { number: Int }
    type Subscription { changed(up: Int = 0): Changed }
""")


def messages(result: ExecutionResult) -> list[str]:
    return [error.message for error in result.errors or ()]


def paths(result: ExecutionResult) -> list[list[str | int] | None]:
    return [error.path for error in result.errors or ()]


# 6.1 Executing Requests


def test_6_1_the_operation_is_chosen_by_name() -> None:
    document = "query A { a: number } query B { b: number }"
    assert agree_at_once(SCHEMA, document, lambda: {"number": 1}, operation_name="B").data == {"b": 1}


@pytest.mark.parametrize("name", [None, "C"])
def test_6_1_ambiguous_or_unknown_operation_name_is_a_request_error(name: str | None) -> None:
    result = agree_at_once(SCHEMA, "query A { number } query B { number }", operation_name=name)
    assert result.data is None
    assert paths(result) == [None]


def test_6_1_a_document_without_operations_is_a_request_error() -> None:
    assert agree_at_once(SCHEMA, "fragment F on Query { number }").data is None


# 6.1.2 Coercing Variable Values

COERCED: list[tuple[str, dict[str, Any]]] = [
    ("($v: Int)", {}),
    ("($v: Int)", {"v": None}),
    ("($v: Int = 9)", {}),
    ("($v: Int = 9)", {"v": None}),
    ("($v: Int!)", {}),
    ("($v: Int!)", {"v": None}),
    ("($v: Int!)", {"v": "5"}),
    ("($v: Int!)", {"v": 2**31}),
    ("($v: Int)", {"v": 5, "unknown": 1}),
]


@pytest.mark.parametrize(("declared", "values"), COERCED)
def test_6_1_2_coercing_variable_values(declared: str, values: dict[str, Any]) -> None:
    def root() -> dict[str, Any]:
        return {"number": lambda _info, **arguments: arguments.get("n", -1)}

    agree_at_once(SCHEMA, f"query {declared} {{ number(n: $v) }}", root, variable_values=values)


@pytest.mark.parametrize(
    "where", [{}, None, {"city": None}, {"zip": 1, "code": 5}, {"code": [1, None]}, {"more": 1}, {"code": [[1]]}]
)
def test_6_1_2_coercing_input_objects_and_lists(where: Any) -> None:
    query = "query ($w: Where) { place(where: $w) { city } }"
    agree_at_once(SCHEMA, query, lambda: {"place": told}, variable_values={"w": where})


def told(_info: Any, **arguments: Any) -> dict[str, Any]:
    return {"city": repr(sorted(arguments.items()))}


# 6.2 Executing Operations


def test_6_2_1_a_query_has_the_initial_value_as_its_root() -> None:
    assert agree_at_once(SCHEMA, "{ number }", lambda: {"number": 3}).data == {"number": 3}


async def test_6_2_2_the_fields_of_a_mutation_run_serially() -> None:
    def root() -> dict[str, Any]:
        state = {"number": 0}

        async def change(_info: Any, to: int) -> dict[str, Any]:
            assert state["number"] == to - 1
            await asyncio.sleep(0)
            state["number"] = to
            return {"number": to}

        return {"change": change}

    query = "mutation { a: change(to: 1) { number } b: change(to: 2) { number } c: change(to: 3) { number } }"
    assert not messages(await agree(SCHEMA, query, root))


async def changed(*events: Any) -> AsyncIterator[Any]:
    for event in events:
        yield {"changed": event}


async def test_6_2_3_each_event_of_a_subscription_is_executed() -> None:
    events = [{"number": 1}, {"number": "no"}, None, ValueError("event")]
    seen: list[list[ExecutionResult]] = []
    for executor in (None, PlanExecutor):
        SCHEMA.subscription_type.fields["changed"].subscribe = lambda *_args, **_kwargs: changed(*events)  # type: ignore[union-attr]
        stream: Any = subscribe(SCHEMA, parse("subscription { changed { number } }"), executor_class=executor)
        stream = await stream if asyncio.iscoroutine(stream) else stream
        seen.append([event async for event in stream])
    for theirs, ours in zip(*seen, strict=True):
        same(theirs, ours, exact=True)
    assert len(seen[0]) == len(events)


async def test_6_2_3_1_an_error_of_the_source_stream_is_a_request_error() -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> Any:
        raise GraphQLError("no stream")

    results: list[Any] = []
    for executor in (None, PlanExecutor):
        SCHEMA.subscription_type.fields["changed"].subscribe = refuse  # type: ignore[union-attr]
        result: Any = subscribe(SCHEMA, parse("subscription { changed { number } }"), executor_class=executor)
        results.append(await result if asyncio.iscoroutine(result) else result)
    same(*results, exact=True)


# 6.3 Executing Selection Sets


def test_6_3_response_fields_follow_selection_order() -> None:
    result = agree_at_once(SCHEMA, "{ text a: number ... { id } number text }", dict)
    assert list(result.data or ()) == ["text", "a", "id", "number"]


async def test_6_3_response_order_is_independent_of_completion_order() -> None:
    async def after(turns: int, value: Any) -> Any:
        for _ in range(turns):
            await asyncio.sleep(0)
        return value

    def root() -> dict[str, Any]:
        return {"text": lambda _info: after(3, "t"), "number": lambda _info, n: after(1, n), "id": lambda _info: "i"}

    result = await agree(SCHEMA, "{ text number id }", root)
    assert list(result.data or ()) == ["text", "number", "id"]


def test_6_3_1_an_error_at_a_non_null_field_of_the_root_nulls_the_data() -> None:
    result = agree_at_once(SCHEMA, "{ number required }", lambda: {"number": 1})
    assert result.data is None
    assert paths(result) == [["required"]]


def test_6_3_2_collecting_fields_of_fragments_that_apply() -> None:
    query = "{ pet { ... on Dog { barks } ... on Cat { lives } ...P name } } fragment P on Pet { n: name }"
    result = agree_at_once(SCHEMA, query, lambda: {"pet": {"__typename": "Dog", "name": "Rex", "barks": True}})
    assert result.data == {"pet": {"barks": True, "n": "Rex", "name": "Rex"}}


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("include", [True, False])
def test_6_3_2_skip_and_include_both_apply(skip: bool, include: bool) -> None:
    query = "query ($s: Boolean!, $i: Boolean!) { number @skip(if: $s) @include(if: $i) }"
    result = agree_at_once(SCHEMA, query, lambda: {"number": 1}, variable_values={"s": skip, "i": include})
    assert result.data == ({"number": 1} if include and not skip else {})


def test_6_3_2_fields_of_the_same_response_name_are_merged() -> None:
    query = "{ place { city } place { street } ... { place { parent { city } } } }"
    place: dict[str, Any] = {"city": "Ulm", "street": "Hof"}
    result = agree_at_once(SCHEMA, query, lambda: {"place": lambda _info, **_: {**place, "parent": place}})
    assert result.data == {"place": {"city": "Ulm", "street": "Hof", "parent": {"city": "Ulm"}}}


# 6.4 Executing Fields


@pytest.mark.parametrize("arguments", ["", "(n: 1)", "(n: null)", "(n: $given)", "(n: $absent)", "(n: $none)"])
def test_6_4_1_coercing_field_arguments(arguments: str) -> None:
    def root() -> dict[str, Any]:
        return {"number": lambda _info, **given: given.get("n", -1)}

    query = f"query ($given: Int, $absent: Int, $none: Int) {{ number{arguments} }}"
    agree_at_once(SCHEMA, query, root, variable_values={"given": 2, "none": None})


def test_6_4_1_a_null_for_a_non_null_argument_is_an_error_of_the_field() -> None:
    query = "query ($need: Int = 1) { place(need: $need) { city } number }"
    result = agree_at_once(SCHEMA, query, lambda: {"place": told, "number": 1}, variable_values={"need": None})
    assert result.data == {"place": None, "number": 1}
    assert paths(result) == [["place"]]


def test_6_4_2_a_value_is_resolved_once_for_each_object() -> None:
    calls: list[int] = []

    def place(_info: Any, **_: Any) -> dict[str, str]:
        calls.append(1)
        return {"city": "Ulm"}

    def root() -> dict[str, Any]:
        return {"place": place}

    agree_at_once(SCHEMA, "{ place { city } place { city } other: place { city } }", root)
    assert len(calls) == 4


COMPLETED: dict[str, tuple[str, Any]] = {
    "6_4_3_null": ("number", None),
    "6_4_3_int": ("number", 7),
    "6_4_3_int_of_a_float": ("number", 7.0),
    "6_4_3_int_of_a_fraction": ("number", 7.5),
    "6_4_3_int_of_a_boolean": ("number", True),
    "6_4_3_int_too_large": ("number", 2**31),
    "6_4_3_int_of_text": ("number", "seven"),
    "6_4_3_float": ("real", 1.5),
    "6_4_3_float_of_an_int": ("real", 3),
    "6_4_3_float_not_finite": ("real", float("nan")),
    "6_4_3_string": ("text", "t"),
    "6_4_3_string_of_a_number": ("text", 1.25),
    "6_4_3_string_of_an_object": ("text", {}),
    "6_4_3_boolean_of_a_number": ("flag", 1),
    "6_4_3_boolean_of_text": ("flag", "true"),
    "6_4_3_id_of_a_number": ("id", 17),
    "6_4_3_id_of_a_float": ("id", 1.5),
    "6_4_3_enum": ("mood", "GLAD"),
    "6_4_3_enum_unknown": ("mood", "ANGRY"),
    "6_4_3_list": ("list", [1, None, 2]),
    "6_4_3_list_of_one": ("list", 1),
    "6_4_3_list_of_text": ("list", "123"),
    "6_4_3_list_of_lists": ("grid", [[1], None, []]),
    "6_4_3_list_item_that_cannot_be_coerced": ("list", [1, "x"]),
    "6_4_4_handling_execution_errors_non_null_field": ("required", None),
    "6_4_4_handling_execution_errors_non_null_list_item": ("items", [1, None]),
    "6_4_4_handling_execution_errors_non_null_list_item_of_a_non_null_list": ("strict", [None, "x"]),
    "6_4_4_handling_execution_errors_inner_list": ("grid", [[1, None], [2], [None, None]]),
    "6_4_4_handling_execution_errors_raised": ("number", ValueError("returned")),
}


@pytest.mark.parametrize(("field", "value"), COMPLETED.values(), ids=COMPLETED.keys())
def test_value_completion(field: str, value: Any) -> None:
    def root() -> dict[str, Any]:
        return {"number": lambda _info, **_: value} if field == "number" else {field: value}

    agree_at_once(SCHEMA, f"{{ text {field} }}", lambda: {"text": "t", **root()})


@pytest.mark.parametrize("kind", ["Dog", "Cat", "Place", "Nothing", None])
def test_6_4_3_resolving_abstract_types(kind: str | None) -> None:
    pet = {"__typename": kind, "name": "Tom", "lives": 9, "barks": False}
    query = "{ pet { __typename name } animal { __typename ... on Cat { lives } } pets { name } }"
    result = agree_at_once(SCHEMA, query, lambda: {"pet": pet, "animal": pet, "pets": [pet]})
    assert (result.errors is None) is (kind in ("Dog", "Cat"))


def test_6_4_3_merging_selection_sets() -> None:
    query = "{ place { parent { city } } place { parent { street(number: 1) } parent { c: city } } }"
    place: dict[str, Any] = {"city": "Ulm", "street": lambda _info, number: f"Hof {number}"}
    root = lambda: {"place": lambda _info, **_: {"parent": place}}  # noqa: E731
    result = agree_at_once(SCHEMA, query, root)
    assert result.data == {"place": {"parent": {"city": "Ulm", "street": "Hof 1", "c": "Ulm"}}}


def test_6_4_4_handling_execution_errors_nulls_go_up_to_the_first_nullable_field() -> None:
    result = agree_at_once(SCHEMA, "{ place { city parent { city } } number }", lambda: {"place": told, "number": 1})
    assert result.data == {"place": None, "number": 1}
    assert paths(result) == [["place", "parent"]]


def test_6_4_4_handling_execution_errors_all_the_way_to_the_root() -> None:
    result = agree_at_once(SCHEMA, "{ sure { parent { parent { city } } } number }", lambda: {"sure": {"parent": {}}})
    assert result.data is None
    assert paths(result) == [["sure", "parent", "parent"]]


def test_6_4_4_handling_execution_errors_one_error_for_one_null() -> None:
    result = agree_at_once(SCHEMA, "{ items strict }", lambda: {"items": [None, None], "strict": [1, None, None]})
    assert result.data is None
    assert paths(result) == [["items", 0], ["strict", 1]]


def test_6_4_4_handling_execution_errors_locations_of_all_merged_fields() -> None:
    result = agree_at_once(SCHEMA, "{ number ... { number } }", lambda: {"number": lambda _info, n: "x"})
    assert [len(error.locations or ()) for error in result.errors or ()] == [2]
