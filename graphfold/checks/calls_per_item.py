"""N+1 before the first request: calls of a backend that stand below a list and are no batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import strawberry
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLSchema, get_named_type, is_abstract_type
from strawberry.types.field import StrawberryField

from graphfold.adapter.base import Adapter
from graphfold.analysis.backend_calls import operations_used
from graphfold.composition.resolver import Resolver, resolver_of
from graphfold.loading.backend_operations import BackendOperation, BatchOperation
from graphfold.mistakes import place_of

__all__ = ["calls_per_item"]


class _Place(NamedTuple):
    """A type in a query: how one came there, and whether a list lies on the way."""

    type: Any
    path: tuple[str, ...]
    many: bool


def calls_per_item(schema: strawberry.Schema) -> Iterator[str]:
    """One text for each field that costs a call for each item of a list, with the shortest query that shows it."""
    core = schema._schema
    for place in _places(core):
        for name, field in getattr(place.type, "fields", {}).items():
            if place.many:
                yield from (_told((*place.path, name), *call) for call in _single_calls(field))


def _places(schema: GraphQLSchema) -> Iterator[_Place]:
    """Each type once outside and once below a list: enough, since nothing else decides what its fields cost."""
    waiting, seen = deque([_Place(schema.query_type, (), many=False)]), set[tuple[str, bool]]()
    while waiting:
        place = waiting.popleft()
        if place.type is None or (place.type.name, place.many) in seen:
            continue
        seen.add((place.type.name, place.many))
        yield place
        waiting.extend(_below(schema, place))


def _below(schema: GraphQLSchema, place: _Place) -> Iterator[_Place]:
    if is_abstract_type(place.type):
        for concrete in schema.get_possible_types(place.type):
            yield place._replace(type=concrete)
    for name, field in getattr(place.type, "fields", {}).items():
        yield _Place(get_named_type(field.type), (*place.path, name), many=place.many or _is_list(field))


def _single_calls(field: GraphQLField) -> Iterator[tuple[Resolver, type[Adapter], BackendOperation]]:
    declared = (field.extensions or {}).get("strawberry-definition")
    resolver = resolver_of(declared) if isinstance(declared, StrawberryField) else None
    if resolver is None:
        return
    for adapter, name in operations_used(resolver.function, resolver.injected):
        operation = getattr(adapter, name, None)
        if isinstance(operation, BackendOperation) and not isinstance(operation, BatchOperation):
            yield resolver, adapter, operation


def _is_list(field: GraphQLField) -> bool:
    inner: Any = field.type
    while isinstance(inner, GraphQLNonNull | GraphQLList):
        if isinstance(inner, GraphQLList):
            return True
        inner = inner.of_type
    return False


def _told(path: tuple[str, ...], resolver: Resolver, adapter: type[Adapter], operation: BackendOperation) -> str:
    query = "{ " + " { ".join(path) + " }" * len(path)
    return (
        f"{place_of(resolver.function)}: N+1: `{query}` calls {adapter.__name__}.{operation.name} "
        f"once for each item. Fix: make it a @batch."
    )
