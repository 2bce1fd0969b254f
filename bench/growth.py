"""Measure how the cost of a query grows with the objects of its answer and the types of the schema. No network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import process_time

import strawberry
from graphql import GraphQLSchema, parse, validate

from bench.execution import DEEP_OBJECTS, Query, core, deep, milliseconds, ours

CUSTOMERS = (1, 3, 10, 30, 100, 200, 400, 700, 1_000)
TYPES = (10, 30, 100, 300, 1_000)
FIELDS = 8
"""Of each type that is added to the schema."""


@dataclass(frozen=True)
class Line:
    """One line of a plot: milliseconds of processor time over a varied size."""

    name: str
    at: Sequence[int]
    milliseconds: Sequence[float]


async def by_objects(customers: Sequence[int] = CUSTOMERS) -> list[Line]:
    """Measure the deep query with growing numbers of customers."""
    objects = [count * DEEP_OBJECTS for count in customers]
    plans = [await milliseconds(ours(deep("Linked", count)), 1_000 // count + 5) for count in customers]
    tasks = [await milliseconds(core(deep("Linked", count)), 60 // count + 3) for count in customers]
    return [Line("graphfold", objects, plans), Line("graphql-core and aiodataloader", objects, tasks)]


async def by_types(types: Sequence[int] = TYPES) -> list[Line]:
    """Measure the deep query about one customer in schemas with growing numbers of types.

    A new document is parsed, validated, compiled and run.
    """
    schemas = [with_types(count) for count in types]
    text = deep("Linked", 1)
    return [
        Line("graphfold, document seen first", types, [await first_run(schema, text) for schema in schemas]),
        Line("graphql-core's parse and validate", types, [await checking(schema, text) for schema in schemas]),
        Line("graphql-core, document known", types, [await milliseconds(core(text, schema), 50) for schema in schemas]),
        Line("graphfold, document known", types, [await milliseconds(ours(text, schema), 200) for schema in schemas]),
    ]


def with_types(count: int) -> GraphQLSchema:
    """Return the schema with this many extra types."""
    annotations = {f"f{number}": str for number in range(FIELDS)}
    added = [strawberry.type(type(f"Added{number}", (), {"__annotations__": annotations})) for number in range(count)]
    return strawberry.Schema(Query, types=added)._schema  # noqa: SLF001  # Strawberry has no public name for it


async def first_run(schema: GraphQLSchema, text: str, rounds: int = 20) -> float:
    """Measure documents that differ only in their operation's name."""
    taken = []
    for number in range(rounds + 1):
        began = process_time()
        await ours(f"query Seen{number} {text}", schema)()
        taken.append(process_time() - began)
    return sorted(taken[1:])[rounds // 4] * 1e3


async def checking(schema: GraphQLSchema, text: str) -> float:
    async def run() -> None:
        assert not validate(schema, parse(text))

    return await milliseconds(run, 20)
