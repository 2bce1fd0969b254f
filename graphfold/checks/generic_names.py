"""Check that two generic types do not get the same name in the schema.

Strawberry names a generic type after its arguments: `Connection[Order]` is OrderConnection, and so is
`CountedConnection[Order]`. It would take the first for both, and the fields of the other would be missing.
"""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.types.base import StrawberryContainer, get_object_definition

from graphfold.checks.graph_types import object_definitions
from graphfold.composition.resolver import resolver_of
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake, class_location, function_location

__all__ = ["check_generic_names"]


def check_generic_names(schema: strawberry.Schema, _declarations: Declarations) -> None:
    """Raise `Mistake` for two generic types with one name, e.g. `Connection[X]` and `CountedConnection[X]`."""
    generics: dict[str, type] = {}
    for owner in object_definitions(schema, interfaces=True):
        for field in owner.fields:
            named_type: Any = field.type
            while isinstance(named_type, StrawberryContainer):  # lists and optionals
                named_type = named_type.of_type
            definition = get_object_definition(named_type)
            if definition is None or definition.concrete_of is None:
                continue
            name, generic = schema.config.name_converter.from_type(definition), definition.concrete_of.origin
            if generics.setdefault(name, generic) is not generic:
                resolver, kind = resolver_of(field), owner.origin
                raise Mistake(
                    function_location(resolver.function) if resolver is not None else class_location(kind),
                    f"{kind.__name__}.{field.python_name} is a {generic.__name__}, but {name} is built from "
                    f"{generics[name].__name__} elsewhere",
                    why="the schema has one type of a name.",
                    fix=f"use one of the two wherever {name} is returned.",
                )
