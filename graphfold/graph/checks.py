"""What can be known before the first request: mapping that does not fit, fields nobody claims, calls per item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type
from strawberry.types.field import StrawberryField

from graphfold.adapter.base import Adapter
from graphfold.declarations import Declarations
from graphfold.graph.reads import uses_of
from graphfold.graph.resolving import Resolver, resolver_of
from graphfold.graph.wants import field_reads
from graphfold.loading.operation import BatchOperation, Operation
from graphfold.mistakes import Mistake, place_of
from graphfold.rows.domain import check_copy
from graphfold.rows.row import Row

__all__ = ["check_rows", "problems"]


def check_rows(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raises the `Mistake` of the first row that cannot become its graph type, or asks for what nobody claims."""
    claimed = dict(_claimed(schema))
    for row in declarations.rows:
        if row.shape.feeds in claimed:
            check_copy(row)
            _check_claimed(row, claimed[row.shape.feeds])


def problems(schema: strawberry.Schema) -> list[str]:
    """What works but should not stay: today, every place that costs a call for each item of a list."""
    core = schema._schema
    found = [_n_plus_one(*call) for call in _Walk().calls(core.query_type, "", many=False, seen=frozenset())]
    return sorted(set(found))


def _claimed(schema: strawberry.Schema) -> Iterator[tuple[type, frozenset[str] | None]]:
    """Each Python type of the graph, and the attributes that any of its fields reads (None: maybe all)."""
    for graph_type in schema._schema.type_map.values():
        definition = (graph_type.extensions or {}).get("strawberry-definition")
        if isinstance(graph_type, GraphQLObjectType) and definition is not None:
            reads = [field_reads(field, definition.origin) for field in definition.fields]
            known = [read for read in reads if read is not None]
            yield definition.origin, None if len(known) < len(reads) else frozenset().union(*known)


def _check_claimed(row: type[Row[Any]], claimed: frozenset[str] | None) -> None:
    unclaimed = sorted(row.shape.on_demand - claimed) if claimed is not None else []
    if unclaimed:
        target = row.shape.feeds.__name__ if row.shape.feeds else "?"
        raise Mistake(
            row.shape.where,
            f"{row.__name__}.{unclaimed[0]} is OnDemand, but no field of {target} needs {unclaimed[0]!r}",
            why=f"it is asked for when a query selects {target}.{unclaimed[0]} or a field whose resolver reads it.",
            fix="name it like the field it fills, or use Wire so that it always comes.",
        )


class _Walk:
    """From Query down: every call of a backend that stands below a list and is no batch."""

    def calls(
        self, parent: Any, path: str, *, many: bool, seen: frozenset[str]
    ) -> Iterator[tuple[str, Resolver, type[Adapter], Operation]]:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return
        for name, field in parent.fields.items():
            edge, here = f"{parent.name}.{name}", f"{path} {{ {name}"
            if edge in seen:
                continue
            if many:
                yield from ((here, *call) for call in _single_calls(field))
            below = many or _is_list(field)
            yield from self.calls(get_named_type(field.type), here, many=below, seen=seen | {edge})


def _single_calls(field: GraphQLField) -> Iterator[tuple[Resolver, type[Adapter], Operation]]:
    declared = (field.extensions or {}).get("strawberry-definition")
    resolver = resolver_of(declared) if isinstance(declared, StrawberryField) else None
    if resolver is None:
        return
    for adapter, name in uses_of(resolver.function, resolver.injected):
        operation = getattr(adapter, name, None)
        if isinstance(operation, Operation) and not isinstance(operation, BatchOperation):
            yield resolver, adapter, operation


def _is_list(field: GraphQLField) -> bool:
    inner: Any = field.type
    while isinstance(inner, GraphQLNonNull | GraphQLList):
        if isinstance(inner, GraphQLList):
            return True
        inner = inner.of_type
    return False


def _n_plus_one(path: str, resolver: Resolver, adapter: type[Adapter], operation: Operation) -> str:
    closing = " }" * path.count("{")
    return (
        f"{place_of(resolver.function)}: N+1: `{path.strip()}{closing}` calls {adapter.__name__}.{operation.name} "
        f"once for each item. Fix: make it a @batch."
    )
