"""Find the object types of a schema as Strawberry knows them, and the rows that become objects of these types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graphfold.composition.resolver import Resolver, resolver_of
from graphfold.declarations import Declarations
from graphfold.rows.row import Row

__all__ = ["object_definitions", "resolver_of_field", "rows_of_schema"]


def object_definitions(schema: strawberry.Schema, *, interfaces: bool = False) -> Iterator[StrawberryObjectDefinition]:
    """Return Strawberry's definition of each object type of the schema, of interfaces on request."""
    kinds: tuple[type[GraphQLNamedType], ...] = (GraphQLObjectType,)
    if interfaces:
        kinds = (GraphQLObjectType, GraphQLInterfaceType)
    for graph_type in schema._schema.type_map.values():
        definition = (graph_type.extensions or {}).get("strawberry-definition")
        if isinstance(graph_type, kinds) and definition is not None:
            yield definition


def rows_of_schema(schema: strawberry.Schema, declarations: Declarations) -> Iterator[type[Row[Any]]]:
    """Return the rows that become objects of a type of the schema."""
    types = {definition.origin for definition in object_definitions(schema)}
    for row in declarations.rows:
        if row.shape.feeds in types:
            yield row


def resolver_of_field(field: Any) -> Resolver | None:
    """Return the resolver of a field of the graphql-core schema; None for plain fields and for enum values."""
    declared = (getattr(field, "extensions", None) or {}).get("strawberry-definition")
    return resolver_of(declared) if isinstance(declared, StrawberryField) else None
