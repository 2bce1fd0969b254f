"""What is selected, and in which order it stands in the answer: compared with graphql-core, query by query."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import build_schema

from tests.execution.twice import agree_at_once

SCHEMA = build_schema("""
    interface Named { name(upper: Boolean = false): String! }
    type Person implements Named {
        name(upper: Boolean = false): String! age: Int friends: [Person!] pet: Pet best: Named
    }
    type Cat implements Named { name(upper: Boolean = false): String! lives: Int owner: Person }
    type Dog implements Named { name(upper: Boolean = false): String! barks: Boolean! owner: Person }
    union Pet = Cat | Dog
    enum Size { SMALL LARGE }
    input Range { low: Int = 1 high: Int sizes: [Size!] = [SMALL] }
    type Query {
        me: Person! you: Person named: [Named!]! pets: [Pet] nobody: Person
        echo(text: String = "default", range: Range, size: Size = LARGE, ids: [ID]): String
    }
""")


def person(name: str, **more: Any) -> dict[str, Any]:
    return {"__typename": "Person", "name": named(name), "age": 7, **more}


def named(name: str) -> Any:
    return lambda _info, upper: name.upper() if upper else name


def root() -> dict[str, Any]:
    cat = {"__typename": "Cat", "name": named("Tom"), "lives": 9}
    dog = {"__typename": "Dog", "name": named("Rex"), "barks": True}
    ann = person("Ann", friends=[person("Bob", best=dog), person("Cid", pet=cat)], pet=dog, best=cat)
    return {
        "me": ann,
        "you": person("You"),
        "named": [cat, dog, ann],
        "pets": [dog, None, cat],
        "echo": lambda _info, **arguments: repr(sorted(arguments.items())),
    }


QUERIES = {
    "fields": "{ me { name age } }",
    "aliases": "{ a: me { n: name } b: me { n: age } }",
    "the same field twice": "{ me { name name age name } }",
    "merged fields": "{ me { pet { __typename } } me { age pet { ... on Dog { barks } } } }",
    "merged order": "{ you { age } me { name } you { name } }",
    "merged deep": "{ me { friends { name } } ... { me { friends { age } } } me { friends { age name } } }",
    "fragments": "{ ...F } fragment F on Query { me { ...P } } "
    "fragment P on Person { age ...N } fragment N on Named { name }",
    "a fragment twice": "{ me { ...P age ...P } } fragment P on Person { name age }",
    "inline fragments": "{ me { ... { age } ... on Person { name } "
    "... on Named { n: name } ... @include(if: true) { b: age } } }",
    "typename": "{ __typename me { __typename t: __typename } pets { __typename } named { __typename } }",
    "interface": "{ named { name __typename ... on Cat { lives } ... on Dog { barks } ... on Person { age } } }",
    "union": "{ pets { ... on Named { name } ... on Cat { lives } } }",
    "union of nothing": "{ pets { ... on Cat { lives } } }",
    "types of one place select differently": "{ named { ... on Cat { x: name } "
    "... on Dog { x: barks } ... on Person { x: age } } }",
    "null object": "{ nobody { name } me { name best { name } } }",
    "missing key": "{ you { friends { name } pet { __typename } } }",
    "arguments": '{ me { name(upper: true) low: name(upper: false) } echo(text: "x", ids: [1, "b", null]) }',
    "defaults": "{ echo }",
    "input objects": "{ a: echo(range: {}) b: echo(range: {high: 3, sizes: [LARGE, SMALL]}) "
    "c: echo(range: null, text: null) }",
    "literal skip": "{ me { name @skip(if: true) age @skip(if: false) } }",
    "literal include": "{ me @include(if: false) { name } you { name @include(if: true) } }",
    "skipped by one of two": "{ me { name @skip(if: true) name age @include(if: true) @skip(if: false) } }",
    "nothing left": "{ me { name @skip(if: true) } }",
    "fragment skipped": "{ me { ...P @skip(if: true) age } } fragment P on Person { name }",
    "fragment skipped once": "{ me { ...P @skip(if: true) age ...P } } fragment P on Person { name }",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_selection_set_matches_graphql_core(query: str) -> None:
    result = agree_at_once(SCHEMA, query, root)
    assert result.data is not None
    assert result.errors is None


WITH_VARIABLES = """
    query ($a: Boolean!, $b: Boolean = true, $upper: Boolean, $text: String = "t", $range: Range, $size: Size) {
        me @include(if: $a) { name(upper: $upper) age @skip(if: $b) }
        you { ...P @include(if: $b) age @skip(if: $a) @include(if: $b) }
        echo(text: $text, range: $range, size: $size)
        ... @skip(if: $b) { nobody { name } }
    }
    fragment P on Person { name friends @include(if: $a) { name } }
"""
VARIABLES: list[dict[str, Any]] = [
    {"a": True},
    {"a": False},
    {"a": True, "b": False, "upper": True},
    {"a": False, "b": False, "text": None, "range": {"low": 3}},
    {"a": True, "b": True, "size": "SMALL", "range": {"high": None, "sizes": []}},
]


@pytest.mark.parametrize("variables", VARIABLES)
def test_skip_and_include_variables_apply_anew_in_each_run(variables: dict[str, Any]) -> None:
    for values in (variables, *VARIABLES):
        agree_at_once(SCHEMA, WITH_VARIABLES, root, variable_values=values)


def test_null_variable_of_skip_or_include_is_an_error() -> None:
    at_root = "query ($a: Boolean = true) { me @include(if: $a) { name } }"
    below = "query ($a: Boolean = true) { you { name @skip(if: $a) } me { age } }"
    for query in (at_root, below):
        result = agree_at_once(SCHEMA, query, root, variable_values={"a": None})
        assert result.errors


def test_variable_defaults_of_the_chosen_operation_apply() -> None:
    query = "query A { me { name } } query B { you { name } }"
    assert agree_at_once(SCHEMA, query, root, operation_name="B").data == {"you": {"name": "You"}}
    assert agree_at_once(SCHEMA, query, root, operation_name="A").data == {"me": {"name": "Ann"}}
