"""Everything a client sees has a description: finds what has none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from strawberry.types.field import StrawberryField

from graphfold.composition.resolver import resolver_of
from graphfold.mistakes import place_of, place_of_type

__all__ = ["undescribed"]

_TYPES = GraphQLEnumType | GraphQLInputObjectType | GraphQLInterfaceType | GraphQLObjectType | GraphQLUnionType


def undescribed(schema: strawberry.Schema) -> Iterator[str]:
    """One text for each type, field, argument and enum value of the graph without a description."""
    core = schema._schema
    roots = {core.query_type, core.mutation_type, core.subscription_type}
    for graph_type in core.type_map.values():
        if isinstance(graph_type, _TYPES) and not graph_type.name.startswith("__"):
            if not graph_type.description and graph_type not in roots:
                yield _told(_place(graph_type), graph_type.name)
            yield from _members(graph_type)


def _members(graph_type: Any) -> Iterator[str]:
    values = graph_type.values if isinstance(graph_type, GraphQLEnumType) else {}
    for name, member in [*values.items(), *getattr(graph_type, "fields", {}).items()]:
        where, path = _place_of_field(member) or _place(graph_type), f"{graph_type.name}.{name}"
        if not member.description:
            yield _told(where, path)
        for argument, declared in getattr(member, "args", {}).items():
            if not declared.description:
                yield _told(where, f"{path}({argument}:)")


def _told(where: str, path: str) -> str:
    return f"{where}: {path} has no description. Fix: say in a sentence what it is."


def _place(graph_type: Any) -> str:
    definition = (graph_type.extensions or {}).get("strawberry-definition")
    declared = getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)
    return place_of_type(declared) if isinstance(declared, type) else "schema"


def _place_of_field(field: Any) -> str | None:
    declared = (getattr(field, "extensions", None) or {}).get("strawberry-definition")
    resolver = resolver_of(declared) if isinstance(declared, StrawberryField) else None
    return place_of(resolver.function) if resolver is not None else None
