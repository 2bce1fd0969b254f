"""One name, one type: generic types get their names from their arguments, and two may come to the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.field import StrawberryField

from graphfold.composition.resolver import resolver_of
from graphfold.mistakes import Mistake, place_of, place_of_type

__all__ = ["check_variants"]


def check_variants(schema: strawberry.Schema) -> None:
    """Raises the `Mistake` of two generic types with one name, e.g. `Connection[X]` and `CountedConnection[X]`.

    Strawberry would take the first for both, and the other's fields would be missing.
    """
    known: dict[str, Any] = {}
    for owner, field, name in _uses(schema):
        generic = _generic(field)
        if generic is not None and known.setdefault(name, generic) is not generic:
            raise Mistake(
                _where(owner, field),
                f"{owner.__name__}.{field.python_name} is a {generic.__name__}, but {name} is made of "
                f"{known[name].__name__} elsewhere",
                why="the schema has one type of a name.",
                fix=f"use one of the two wherever {name} is given.",
            )


def _uses(schema: strawberry.Schema) -> Iterator[tuple[type, StrawberryField, str]]:
    """Each field of the graph whose type is one of our types: its owner, itself, and the name of that type."""
    for graph_type in schema._schema.type_map.values():
        definition = (graph_type.extensions or {}).get("strawberry-definition")
        if isinstance(graph_type, GraphQLObjectType | GraphQLInterfaceType) and definition is not None:
            for field in definition.fields:
                inner = get_object_definition(_inner(field.type))
                if inner is not None:
                    yield definition.origin, field, schema.config.name_converter.from_type(inner)


def _generic(field: StrawberryField) -> type | None:
    definition = get_object_definition(_inner(field.type))
    made_of = definition.concrete_of if definition is not None else None
    return made_of.origin if made_of is not None else None


def _inner(declared: Any) -> Any:
    while isinstance(declared, StrawberryContainer):
        declared = declared.of_type
    return declared


def _where(owner: type, field: StrawberryField) -> str:
    resolver = resolver_of(field)
    return place_of(resolver.function) if resolver is not None else place_of_type(owner)
