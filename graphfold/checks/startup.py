"""What can be known before the first request: what cannot work, and what works but should not stay so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import strawberry
from graphql import GraphQLObjectType

from graphfold.adapter.base import Adapter
from graphfold.adapter.rest import RestAdapter
from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.analysis.wanted_fields import attributes_needed
from graphfold.checks.adapter_source import adapter_functions
from graphfold.checks.calls_per_item import calls_per_item
from graphfold.checks.descriptions import undescribed
from graphfold.checks.field_types import check_types
from graphfold.checks.http_methods import check_methods
from graphfold.checks.rest_paths import check_paths
from graphfold.checks.secrets import check_sent
from graphfold.checks.soap_calls import check_invocations
from graphfold.checks.type_names import check_variants
from graphfold.composition.global_ids import Node
from graphfold.composition.resolver import Resolver, resolver_of
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake, place_of_type
from graphfold.rows.decoder import check_decoder
from graphfold.rows.domain import check_copy
from graphfold.rows.row import Row

__all__ = ["check_graph", "find_warnings"]


def check_graph(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raises the first `Mistake` in what was declared."""
    _check_names(declarations.adapters)
    check_variants(schema)
    for definition in _definitions(schema):
        _check_key(definition.origin)
    claimed = dict(_claimed(schema))
    for row in declarations.rows:
        check_decoder(row)
        if row.shape.feeds in claimed:
            check_copy(row)
            check_types(row)
            _check_claimed(row, claimed[row.shape.feeds])
    for adapter in declarations.adapters:
        _check_functions(adapter)


def _check_functions(adapter: type[Adapter]) -> None:
    functions = adapter_functions(adapter)
    check_sent(adapter, functions)
    if issubclass(adapter, SoapAdapter):
        check_invocations(adapter, functions)
    if issubclass(adapter, RestAdapter):
        check_paths(adapter, functions)
        check_methods(functions)


def find_warnings(schema: strawberry.Schema, declarations: Declarations) -> list[str]:
    """Calls for each item of a list, adapters that nothing uses, nouns that nothing finds, what nobody described."""
    found = [*calls_per_item(schema), *_unused(schema, declarations), *_lost(schema, declarations)]
    return sorted({*found, *undescribed(schema)})


def _check_names(adapters: list[type[Adapter]]) -> None:
    known: dict[str, type[Adapter]] = {}
    for adapter in adapters:
        other = known.setdefault(adapter.name, adapter)
        if other is not adapter:
            raise Mistake(
                adapter.where,
                f"{adapter.__name__}: name={adapter.name!r} is the name of {other.__name__} too ({other.where})",
                why="it names settings, caches and log fields: they would be shared.",
                fix='give one of them another, e.g. name = "crm_eu".',
            )


def _check_key(noun: type) -> None:
    if issubclass(noun, Node) and not hasattr(noun, noun.node_key) and noun.node_key not in _fields(noun):
        raise Mistake(
            place_of_type(noun),
            f"{noun.__name__} has no field {noun.node_key!r}",
            why="its id is made of the type's name and its business key.",
            fix=f"name the field that holds it in class {noun.__name__}(Node, key=...): one of {_fields(noun)}.",
        )


def _fields(noun: Any) -> list[str]:
    return sorted(field.python_name for field in noun.__strawberry_definition__.fields)


def _claimed(schema: strawberry.Schema) -> Iterator[tuple[type, frozenset[str] | None]]:
    """Each Python type of the graph, and the attributes that any of its fields reads (None: maybe all)."""
    for definition in _definitions(schema):
        reads = [attributes_needed(field, definition.origin) for field in definition.fields]
        known = [read for read in reads if read is not None]
        yield definition.origin, None if len(known) < len(reads) else frozenset().union(*known)


def _definitions(schema: strawberry.Schema) -> Iterator[Any]:
    """What Strawberry knows of each object type."""
    for graph_type in schema._schema.type_map.values():
        definition = (graph_type.extensions or {}).get("strawberry-definition")
        if isinstance(graph_type, GraphQLObjectType) and definition is not None:
            yield definition


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


def _unused(schema: strawberry.Schema, declarations: Declarations) -> Iterator[str]:
    resolvers: list[Resolver] = list(declarations.finders.values())
    resolvers += [found for d in _definitions(schema) for field in d.fields if (found := resolver_of(field))]
    used = {adapter for resolver in resolvers for adapter in resolver.injected.values()}
    for adapter in declarations.adapters:
        if adapter not in used:
            yield f"{adapter.where}: {adapter.__name__} is used by no resolver. Fix: use it, or remove it."


def _lost(schema: strawberry.Schema, declarations: Declarations) -> Iterator[str]:
    for definition in _definitions(schema):
        noun = definition.origin
        if issubclass(noun, Node) and definition.name not in declarations.finders:
            yield (
                f"{place_of_type(noun)}: {definition.name} has an id, but `node(id:)` cannot find it. "
                f"Fix: write a function with @finds({noun.__name__})."
            )
