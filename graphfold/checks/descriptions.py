"""Find everything that a client sees in the schema without a description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from graphfold.composition.definitions import resolver_of_field
from graphfold.declarations import Declarations
from graphfold.mistakes import class_location, function_location

__all__ = ["find_missing_descriptions"]

_TYPES = GraphQLEnumType | GraphQLInputObjectType | GraphQLInterfaceType | GraphQLObjectType | GraphQLUnionType


def find_missing_descriptions(schema: strawberry.Schema, _declarations: Declarations) -> Iterator[str]:
    """Return a warning for each type, field, argument and enum value of the graph without a description."""
    core = schema._schema
    roots = {core.query_type, core.mutation_type, core.subscription_type}
    for graph_type in core.type_map.values():
        if isinstance(graph_type, _TYPES) and not graph_type.name.startswith("__"):
            if not graph_type.description and graph_type not in roots:
                yield _warning(_place_of_graph_type(graph_type), graph_type.name)
            yield from _undescribed_members(graph_type)


def _undescribed_members(graph_type: Any) -> Iterator[str]:
    values = graph_type.values if isinstance(graph_type, GraphQLEnumType) else {}
    for name, member in [*values.items(), *getattr(graph_type, "fields", {}).items()]:
        path = f"{graph_type.name}.{name}"
        resolver = resolver_of_field(member) if isinstance(member, GraphQLField) else None
        where = function_location(resolver.function) if resolver is not None else _place_of_graph_type(graph_type)
        if not member.description:
            yield _warning(where, path)
        for argument, declared in getattr(member, "args", {}).items():
            if not declared.description:
                yield _warning(where, f"{path}({argument}:)")


def _warning(where: str, path: str) -> str:
    return f"{where}: {path} has no description. Fix: describe it in a sentence."


def _place_of_graph_type(graph_type: Any) -> str:
    definition = (graph_type.extensions or {}).get("strawberry-definition")
    # Enums keep their Python class in `wrapped_cls`, all other types in `origin`.
    declared = getattr(definition, "origin", None) or getattr(definition, "wrapped_cls", None)
    return class_location(declared) if isinstance(declared, type) else "schema"
