"""Check rows: they can be decoded, they can be copied into their graph types, and each OnDemand field has a use."""

from __future__ import annotations

from typing import Any

import strawberry

from graphfold.analysis.wanted_fields import attributes_needed
from graphfold.checks.graph_types import object_definitions, rows_of_schema
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake
from graphfold.rows.decoder import check_decoder
from graphfold.rows.row import check_fills_graph_type

__all__ = ["check_on_demand_fields", "check_rows"]


def check_rows(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a row that cannot be decoded, or cannot become an object of its graph type."""
    for row in declarations.rows:
        check_decoder(row)
    for row in rows_of_schema(schema, declarations):
        check_fills_graph_type(row)


def check_on_demand_fields(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for an OnDemand field that no query can need."""
    needed: dict[type, frozenset[str] | None] = {}
    for definition in object_definitions(schema):
        by_field = [attributes_needed(field, definition.origin) for field in definition.fields]
        certain = [names for names in by_field if names is not None]
        # A field that may read any attribute makes the answer for its whole type unknown.
        needed[definition.origin] = frozenset().union(*certain) if len(certain) == len(by_field) else None
    for row in rows_of_schema(schema, declarations):
        target: Any = row.shape.feeds
        attributes = needed[target]
        unneeded = sorted(row.shape.on_demand - attributes) if attributes is not None else []
        if unneeded:
            name = target.__name__
            raise Mistake(
                row.shape.where,
                f"{row.__name__}.{unneeded[0]} is OnDemand, but no field of {name} needs {unneeded[0]!r}",
                why=f"it is fetched when a query selects {name}.{unneeded[0]} or a field whose resolver reads it.",
                fix="name it like the field it fills, or use Wire so that it is always fetched.",
            )
