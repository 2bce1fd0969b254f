"""Nulls and errors at every position of every list and non-null type, at once and awaited: as in graphql-core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, build_schema

from tests.execution.twice import agree, agree_at_once

pytestmark = pytest.mark.anyio

TYPES = ["T", "T!", "[T]", "[T!]", "[T]!", "[T!]!", "[[T]]", "[[T!]!]", "[[T!]]!", "[[T]!]!", "[[T!]!]!"]
KINDS = ["Int", "Size", "Thing", "Named"]
QUERY = "{ before outer { first: value%s between other: value%s last } list { value%s } after }"


def schema_of(kind: str, declared: str) -> GraphQLSchema:
    value = declared.replace("T", kind)
    return build_schema(f"""
        enum Size {{ SMALL LARGE }}
        interface Named {{ id: Int! }}
        type Thing implements Named {{ id: Int! name: String }}
        type Outer {{ value: {value} between: Int! last: Int }}
        type Query {{ before: Int outer: Outer list: [Outer!] after: Int }}
    """)


def good(kind: str) -> Any:
    thing = {"__typename": "Thing", "id": 1, "name": "one"}
    return {"Int": 5, "Size": "LARGE"}.get(kind, thing)


def bad(kind: str) -> Any:
    """Fails when it is completed, not when it is resolved."""
    thing = {"__typename": "Thing", "id": None, "name": "nobody"}
    return {"Int": "five", "Size": "HUGE"}.get(kind, thing)


def failing(_info: Any) -> Any:
    raise ValueError("raised")


def located(_info: Any) -> Any:
    raise GraphQLError("told", extensions={"code": "TOLD"})


async def awaited(value: Any) -> Any:
    return value


class Later:
    """Awaitable, and nobody complains where it is not awaited: graphql-core forgets some when a list breaks off."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, Any, Any]:
        yield from asyncio.sleep(0).__await__()
        return self.value


async def raising(text: str) -> Any:
    raise ValueError(text)


def broken(value: Any) -> Iterator[Any]:
    yield value
    raise ValueError("broke off")


async def one_by_one(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        yield value


async def breaking(*values: Any) -> AsyncIterator[Any]:
    for value in values:
        yield value
    raise ValueError("broke off")


AT_ONCE: dict[str, Callable[[Any, Any], Any]] = {
    "good": lambda g, b: g,
    "null": lambda g, b: None,
    "bad": lambda g, b: b,
    "raised": lambda g, b: failing,
    "told": lambda g, b: located,
    "returned": lambda g, b: ValueError("returned"),
    "empty": lambda g, b: [],
    "list": lambda g, b: [g, g],
    "list with null": lambda g, b: [g, None, g],
    "list with bad": lambda g, b: [g, b, b, g],
    "list with error": lambda g, b: [g, ValueError("item"), g],
    "tuple": lambda g, b: (g, g),
    "set": lambda g, b: {1: g}.values(),
    "generator": lambda g, b: (value for value in (g, g)),
    "broken generator": lambda g, b: broken(g),
    "broken generator after a bad item": lambda g, b: broken(b),
    "lists": lambda g, b: [[g, g], [g], []],
    "lists with null": lambda g, b: [[g, g], None, [g]],
    "lists with null item": lambda g, b: [[g], [g, None], [None]],
    "lists with bad items": lambda g, b: [[b], [g, b], [g]],
    "lists with error": lambda g, b: [[g], ValueError("list"), [ValueError("item"), g]],
    "lists of generators": lambda g, b: [broken(g), (v for v in (g, g))],
}

AWAITED: dict[str, Callable[[Any, Any], Any]] = {
    "awaited": lambda g, b: awaited(g),
    "awaited null": lambda g, b: awaited(None),
    "awaited bad": lambda g, b: awaited(b),
    "awaited error": lambda g, b: awaited(ValueError("returned")),
    "raising": lambda g, b: raising("late"),
    "awaited list": lambda g, b: awaited([g, g]),
    "awaited list of awaited": lambda g, b: awaited([g, awaited(g), awaited(g)]),
    "list of awaited": lambda g, b: [awaited(g), g, awaited(g)],
    "list with awaited null": lambda g, b: [g, awaited(None), g],
    "list with raising": lambda g, b: [g, raising("item"), g],
    "list with awaited bad": lambda g, b: [awaited(g), awaited(b)],
    "lists of awaited": lambda g, b: [awaited([g]), [awaited(g), awaited(None)], awaited(None)],
    "lists with raising": lambda g, b: [[raising("item")], [g], raising("list")],
    "async generator": lambda g, b: one_by_one(g, g),
    "empty async generator": lambda g, b: one_by_one(),
    "async generator with null": lambda g, b: one_by_one(g, None, g),
    "async generator with bad": lambda g, b: one_by_one(g, b, g),
    "async generator with error": lambda g, b: one_by_one(g, ValueError("item"), g),
    "async generator of awaited": lambda g, b: one_by_one(Later(g), g, Later(None)),
    "broken async generator": lambda g, b: breaking(g, g),
    "lists of async generators": lambda g, b: [one_by_one(g), breaking(g), [g]],
}


def root_of(kind: str, make: Callable[[Any, Any], Any]) -> Callable[[], dict[str, Any]]:
    def outer(value: Any) -> dict[str, Any]:
        return {"value": value, "between": 2, "last": 3}

    def value(_info: Any) -> Any:
        made = make(good(kind), bad(kind))
        return made(_info) if callable(made) else made

    def root() -> dict[str, Any]:
        two = [outer(lambda _info: good(kind)), outer(value)]
        return {"before": 1, "outer": outer(value), "list": two, "after": 4}

    return root


def query_for(kind: str) -> str:
    part = {"Thing": "{ id name }", "Named": "{ __typename id ... on Thing { name } }"}.get(kind, "")
    return QUERY % (part, part, part)


def depth(value: str) -> int:
    """How many lists a type must have, or the awaitables in the value would never be awaited."""
    return 2 if value.startswith("lists") else int("list" in value)


@pytest.mark.parametrize("value", AT_ONCE.keys())
@pytest.mark.parametrize("kind", KINDS)
def test_null_propagation_of_synchronous_values_matches_graphql_core(kind: str, value: str) -> None:
    for declared in TYPES:
        agree_at_once(schema_of(kind, declared), query_for(kind), root_of(kind, AT_ONCE[value]))


@pytest.mark.parametrize("value", AWAITED.keys())
@pytest.mark.parametrize("kind", KINDS)
async def test_null_propagation_of_awaited_values_matches_graphql_core(kind: str, value: str) -> None:
    fitting = [declared for declared in TYPES if declared.count("[") >= depth(value)]
    for declared in fitting:
        await agree(schema_of(kind, declared), query_for(kind), root_of(kind, AWAITED[value]), exact=False)


def test_errors_are_listed_in_document_order() -> None:
    schema = build_schema("type Query { a: Deep b: Int c: [Deep] } type Deep { x: Int y: Deep }")

    def root() -> dict[str, Any]:
        deep = {"x": failing, "y": {"x": failing, "y": None}}
        return {"a": deep, "b": failing, "c": [deep, ValueError("item"), deep]}

    result = agree_at_once(schema, "{ c { y { x } x } b a { x y { x } } }", root)
    paths = [error.path for error in result.errors or ()]
    assert paths[:3] == [["c", 0, "y", "x"], ["c", 0, "x"], ["c", 1]]
    assert paths[-1] == ["a", "y", "x"]


def test_null_propagation_disabled_by_on_error_directive() -> None:
    schema = build_schema("""
        directive @experimental_disableErrorPropagation on QUERY
        type Query { a: Deep! } type Deep { x: Int! list: [Int!]! }
    """)
    query = "query @experimental_disableErrorPropagation { a { x list } }"
    result = agree_at_once(schema, query, lambda: {"a": {"x": failing, "list": [1, None, "no"]}})
    assert result.data == {"a": {"x": None, "list": [1, None, None]}}
