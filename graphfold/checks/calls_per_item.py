"""Find N+1 problems: fields below a list whose resolver calls a backend operation that is not a batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import strawberry
from graphql import GraphQLField, GraphQLList, GraphQLNonNull, GraphQLSchema, get_named_type, is_abstract_type

from graphfold.analysis.backend_calls import operations_used
from graphfold.composition.definitions import resolver_of_field
from graphfold.declarations import Declarations
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.declared_operations import BatchOperation
from graphfold.mistakes import function_location

__all__ = ["find_calls_per_item"]


class _Visit(NamedTuple):
    """A type that a query can reach: by which fields, and whether one of them is a list."""

    type: Any
    path: tuple[str, ...]
    below_list: bool


def find_calls_per_item(schema: strawberry.Schema, _declarations: Declarations) -> Iterator[str]:
    """Return a warning for each field that costs a call per item of a list, with the shortest query that shows it."""
    for visit in _reachable_types(schema._schema):
        if visit.below_list:
            for name, field in getattr(visit.type, "fields", {}).items():
                yield from _warnings(field, (*visit.path, name))


def _reachable_types(schema: GraphQLSchema) -> Iterator[_Visit]:
    """Return each type twice at most, outside and below a list: nothing else decides what its fields cost.

    The search is breadth first, so each path is a shortest one.
    """
    queue, seen = deque([_Visit(schema.query_type, (), below_list=False)]), set[tuple[str, bool]]()
    while queue:
        visit = queue.popleft()
        if visit.type is None or (visit.type.name, visit.below_list) in seen:
            continue
        seen.add((visit.type.name, visit.below_list))
        yield visit
        if is_abstract_type(visit.type):
            queue.extend(visit._replace(type=concrete) for concrete in schema.get_possible_types(visit.type))
        for name, field in getattr(visit.type, "fields", {}).items():
            below_list = visit.below_list or _is_list(field)
            queue.append(_Visit(get_named_type(field.type), (*visit.path, name), below_list))


def _warnings(field: GraphQLField, path: tuple[str, ...]) -> Iterator[str]:
    resolver = resolver_of_field(field)
    if resolver is None:
        return
    query = "{ " + " { ".join(path) + " }" * len(path)
    for adapter, name in operations_used(resolver.function, resolver.injected):
        operation = getattr(adapter, name, None)
        if isinstance(operation, BackendOperation) and not isinstance(operation, BatchOperation):
            yield (
                f"{function_location(resolver.function)}: N+1: `{query}` calls {adapter.__name__}.{operation.name} "
                f"once for each item. Fix: make it a @batch."
            )


def _is_list(field: GraphQLField) -> bool:
    inner: Any = field.type
    while isinstance(inner, GraphQLNonNull | GraphQLList):
        if isinstance(inner, GraphQLList):
            return True
        inner = inner.of_type
    return False
