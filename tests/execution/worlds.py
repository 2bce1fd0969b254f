"""A world for random queries: a schema made from a seed, and answers made from the seed and their place in the query.

Any answer may be null, wrong, raised or returned as an error; in a waiting world also awaited or iterated over later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from random import Random
from types import SimpleNamespace
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
)

__all__ = ["World"]

ARGUMENTS = ["", "", "(n: Int = 3)", '(s: String, e: E = GREEN, ids: [ID!] = ["a"])', "(range: Range!, flag: Boolean)"]
LEAVES = ["Int", "Int", "String", "ID", "Boolean", "Float", "E", "S"]
SHAPES = ["{}", "{}", "{}", "{}!", "[{}]", "[{}!]", "[{}!]!", "[[{}]]", "[[{}!]!]"]
GOOD: dict[str, list[Any]] = {
    "Int": [0, -7, 2_147_483_647, True, 3.0, "12"],
    "String": ["", "text", 5, 1.5, False, "\u00fc"],
    "ID": ["id", 17],
    "Boolean": [True, False, 1, 0.0],
    "Float": [1.5, -0.0, 3, True, "2.5"],
    "E": ["RED", "GREEN"],
    "S": ["s", ("a", 1), 4],
}
WRONG: dict[str, list[Any]] = {
    "Int": [2**31, "five", 1.5, float("nan"), [1]],
    "String": [{}, ["s"], object],
    "ID": [1.5, {}],
    "Boolean": ["true", float("inf")],
    "Float": [float("nan"), float("inf"), "x", 2**2000],
    "E": ["BLUE", 1, []],
    "S": ["wrong", b"nothing"],
}


class World:
    """`schema`, and `root()` for each run. `waits`: some answers have to be awaited."""

    def __init__(self, seed: int, *, waits: bool) -> None:
        self.seed, self.waits = seed, waits
        self.schema: GraphQLSchema = build_schema(_sdl(Random(seed)))
        for declared in self.schema.type_map.values():
            self._equip(declared)

    def root(self) -> Any:
        return self._object("Query", "root")

    def _equip(self, declared: Any) -> None:
        if declared.name.startswith("__"):
            return
        rng = self._random("equip", declared.name)
        if isinstance(declared, GraphQLInterfaceType | GraphQLUnionType):
            declared.resolve_type = self._resolve_type
        elif isinstance(declared, GraphQLObjectType) and declared.name != "Query":
            declared.is_type_of = rng.choice([None, None, self._is_type_of])
            for field in declared.fields.values():
                if rng.random() < 0.3:
                    field.resolve = self._resolve
        elif isinstance(declared, GraphQLScalarType) and declared.name == "S":
            declared.coerce_output_value = _told

    def _random(self, *place: object) -> Random:
        return Random(repr((self.seed, place)))

    def _object(self, kind: str, place: str) -> Any:
        """A mapping or an object whose leaves are there; what has to be computed is a method."""
        rng = self._random("object", place)
        declared: Any = self.schema.type_map[kind]
        values: dict[str, Any] = {"kind": kind, "place": place}
        for name, field in declared.fields.items():
            simple = not field.args and not self.waits and _is_leaf(field.type) and rng.random() < 0.8
            values[name] = self._leaf(field.type, rng) if simple else _method(self, name)
        return values if rng.random() < 0.6 else SimpleNamespace(**values)

    def _resolve(self, source: Any, info: Any, **arguments: Any) -> Any:
        place = f"{_read(source, 'place')}.{info.field_name}{sorted(arguments.items())}"
        return self._value(info.return_type, place)

    def _value(self, declared: Any, place: str, *, item: bool = False) -> Any:
        rng = self._random("value", place)
        chance = rng.random()
        if chance < 0.03:
            return None
        if chance < 0.06:
            raise ValueError(f"raised at {place}")
        if chance < 0.08:
            return ValueError(f"returned at {place}")
        value = self._plain(declared, place, rng)
        if self.waits and rng.random() < 0.4:
            return (Later if item else _awaited)(value, rng.choice([0, 0, 1, 2]))
        return value

    def _plain(self, declared: Any, place: str, rng: Random) -> Any:
        if isinstance(declared, GraphQLNonNull):
            declared = declared.of_type
        if isinstance(declared, GraphQLList):
            return self._list(declared, place, rng)
        if isinstance(declared, GraphQLScalarType | GraphQLEnumType):
            return self._leaf(declared, rng)
        possible = (
            self.schema.get_possible_types(declared) if not isinstance(declared, GraphQLObjectType) else [declared]
        )
        return self._object(rng.choice([kind.name for kind in possible]), place)

    def _list(self, declared: Any, place: str, rng: Random) -> Any:
        count = rng.choice([0, 1, 2, 2, 3])
        items = [self._item(declared.of_type, f"{place}.{i}") for i in range(count)]
        makers: list[Any] = [list, list, tuple, _generated]
        return rng.choice([*makers, _async_generated] if self.waits else makers)(items)

    def _item(self, declared: Any, place: str) -> Any:
        try:
            return self._value(declared, place, item=True)
        except ValueError as error:
            return error

    def _leaf(self, declared: Any, rng: Random) -> Any:
        if isinstance(declared, GraphQLNonNull):
            declared = declared.of_type
        if isinstance(declared, GraphQLList):
            return [self._leaf(declared.of_type, rng) for _ in range(rng.choice([0, 1, 2, 3]))]
        if rng.random() < 0.04:
            return None
        return rng.choice((WRONG if rng.random() < 0.04 else GOOD)[declared.name])

    def _resolve_type(self, value: Any, _info: Any, _abstract: Any) -> Any:
        kind = _read(value, "kind")
        rng = self._random("resolve_type", _read(value, "place"))
        if rng.random() < 0.05:
            kind = rng.choice([None, "Query", "Nothing", 5])
        return _awaited(kind, 1) if self.waits and rng.random() < 0.3 else kind

    def _is_type_of(self, value: Any, info: Any) -> Any:
        rng = self._random("is_type_of", _read(value, "place"))
        answer = rng.random() > 0.05
        return _awaited(answer, 1) if self.waits and rng.random() < 0.3 else answer


class Later:
    """An awaitable item: graphql-core forgets some when a list breaks off, and coroutines would complain."""

    def __init__(self, value: Any, turns: int) -> None:
        self._value, self._turns = value, turns

    def __await__(self) -> Generator[Any, Any, Any]:
        return _awaited(self._value, self._turns).__await__()


async def _awaited(value: Any, turns: int) -> Any:
    for _ in range(turns):
        await asyncio.sleep(0)
    return value


def _method(world: World, name: str) -> Any:
    return lambda info, **arguments: world._resolve(_source(world, info), info, **arguments)


def _source(world: World, info: Any) -> Any:
    """Methods are not told whose they are: the path says it as well."""
    return {"place": repr(info.path.prev.as_list() if info.path.prev else [])}


def _read(source: Any, name: str) -> Any:
    return source[name] if isinstance(source, dict) else getattr(source, name)


def _generated(items: list[Any]) -> Any:
    return (item for item in items)


async def _async_generated(items: list[Any]) -> Any:
    for item in items:
        yield item


def _told(value: Any) -> Any:
    if value == "wrong":
        raise ValueError("a scalar that cannot be told")
    return None if value == b"nothing" else ["told", value]


def _is_leaf(declared: Any) -> bool:
    while isinstance(declared, GraphQLList | GraphQLNonNull):
        declared = declared.of_type
    return isinstance(declared, GraphQLScalarType | GraphQLEnumType)


def _sdl(rng: Random) -> str:
    objects = [f"T{i}" for i in range(rng.choice([2, 3, 4]))]
    kinds = [*LEAVES, *objects, *objects, "I", "U"]
    shared = f"id: {rng.choice(['ID', 'ID!'])} near: {rng.choice(['I', '[I!]', 'U'])}"
    types = "\n".join(f"type {name} implements I {{ {shared} {_fields(rng, kinds)} }}" for name in objects)
    return f"""
        enum E {{ RED GREEN }}
        scalar S
        input Range {{ low: Int! = 0 high: Float es: [E] = [RED] }}
        interface I {{ {shared} }}
        union U = {" | ".join(objects)}
        {types}
        type Query {{ {_fields(rng, kinds)} near: I all: [I!]! any: [U] }}
    """


def _fields(rng: Random, kinds: list[str]) -> str:
    def field(i: int) -> str:
        return f"f{i}{rng.choice(ARGUMENTS)}: {rng.choice(SHAPES).format(rng.choice(kinds))}"

    return " ".join(field(i) for i in range(rng.choice([3, 5, 7])))
