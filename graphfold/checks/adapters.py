"""Check that adapters have names of their own, and find those that no resolver uses."""

from __future__ import annotations

from collections.abc import Iterator

import strawberry

from graphfold.adapter.base import Adapter
from graphfold.checks.graph_types import object_definitions
from graphfold.composition.resolver import resolver_of
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake

__all__ = ["check_adapter_names", "find_unused_adapters"]


def check_adapter_names(_schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for two adapters of one name."""
    by_name: dict[str, type[Adapter]] = {}
    for adapter in declarations.adapters:
        other = by_name.setdefault(adapter.name, adapter)
        if other is not adapter:
            raise Mistake(
                adapter.where,
                f"{adapter.__name__}: name={adapter.name!r} is the name of {other.__name__} too ({other.where})",
                why="it names settings, caches and log fields: they would be shared.",
                fix='give one of them another, e.g. name = "crm_eu".',
            )


def find_unused_adapters(schema: strawberry.Schema, declarations: Declarations) -> Iterator[str]:
    """Return a warning for each adapter that no resolver and no finder takes."""
    fields = (field for definition in object_definitions(schema) for field in definition.fields)
    resolvers = [*declarations.finders.values(), *(resolver for field in fields if (resolver := resolver_of(field)))]
    used = {adapter for resolver in resolvers for adapter in resolver.injected.values()}
    for adapter in declarations.adapters:
        if adapter not in used:
            yield f"{adapter.where}: {adapter.__name__} is used by no resolver. Fix: use it, or remove it."
