"""Find the object types of a schema as Strawberry knows them, and the rows that become objects of these types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType
from strawberry.types.base import StrawberryObjectDefinition

from graphfold.composition.definitions import definition_of_type
from graphfold.declarations import Declarations
from graphfold.rows.row import Row

__all__ = ["object_definitions", "rows_of_schema"]


def object_definitions(schema: strawberry.Schema, *, interfaces: bool = False) -> Iterator[StrawberryObjectDefinition]:
    """Return Strawberry's definition of each object type of the schema, of interfaces on request."""
    kinds: tuple[type[GraphQLNamedType], ...] = (GraphQLObjectType,)
    if interfaces:
        kinds = (GraphQLObjectType, GraphQLInterfaceType)
    for graph_type in schema._schema.type_map.values():
        definition = definition_of_type(graph_type)
        if isinstance(graph_type, kinds) and definition is not None:
            yield definition


def rows_of_schema(schema: strawberry.Schema, declarations: Declarations) -> Iterator[type[Row[Any]]]:
    """Return the rows that become objects of a type of the schema."""
    types = {definition.origin for definition in object_definitions(schema)}
    for row in declarations.rows:
        if row.shape.feeds in types:
            yield row
