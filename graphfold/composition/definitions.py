"""Find Strawberry's definitions of the types and fields of a graphql-core schema: it keeps them in `extensions`."""

from __future__ import annotations

from graphql import GraphQLField, GraphQLNamedType
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from graphfold.composition.resolver import Resolver, resolver_of

__all__ = ["definition_of_field", "definition_of_type", "resolver_of_field"]

_KEY = "strawberry-definition"


def definition_of_type(graph_type: GraphQLNamedType) -> StrawberryObjectDefinition | None:
    """Return the definition of an object, interface or input type; None for other types, and those of introspection."""
    definition = (graph_type.extensions or {}).get(_KEY)
    return definition if isinstance(definition, StrawberryObjectDefinition) else None


def definition_of_field(field: GraphQLField) -> StrawberryField | None:
    """Return the definition of a field; None for fields that Strawberry did not make."""
    definition = (field.extensions or {}).get(_KEY)
    return definition if isinstance(definition, StrawberryField) else None


def resolver_of_field(field: GraphQLField) -> Resolver | None:
    """Return the resolver that was declared with `@resolves` for this field; None for all other fields."""
    definition = definition_of_field(field)
    return resolver_of(definition) if definition is not None else None
