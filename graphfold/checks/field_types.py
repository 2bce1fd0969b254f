"""Check that each row field fits the graph field of the same name, by comparing the two declared types."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin

import strawberry
from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from graphfold.checks.graph_types import rows_of_schema
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, row_class_in

__all__ = ["check_field_types"]

_ACCEPTED: dict[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    Decimal: (int, Decimal),
    datetime: (datetime,),
    date: (date,),
}
"""The types whose values a graph field takes without loss, by the field's Python type."""


def check_field_types(schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a row field that would be copied into a graph field of another type."""
    for row in rows_of_schema(schema, declarations):
        if row.domain is not Row.domain:  # a row with a domain() of its own is not copied field by field
            continue
        definition = get_object_definition(row.shape.feeds, strict=True)
        graph_types = {field.python_name: field.type for field in definition.fields if field.base_resolver is None}
        for f in row.shape.fields:
            if f.name not in graph_types:
                continue
            row_type = _without_none(f.type) if f.on_demand else f.type  # its default may be None, which is never read
            why = _misfit(row_type, graph_types[f.name])
            if why is not None:
                raise Mistake(
                    row.shape.where,
                    f"{row.__name__}.{f.name} does not fit {definition.name}.{f.name}: {why}",
                    why="fields of the same name are copied as they are.",
                    fix="give both the same type, convert in Wire, or write domain().",
                )


def _misfit(row_type: Any, graph_type: Any) -> str | None:
    """Return why a value of the row's type does not fit the graph type; None if it does."""
    if isinstance(graph_type, StrawberryOptional):
        return _misfit(_without_none(row_type), graph_type.of_type)
    if NoneType in get_args(row_type):
        return "it may be null, and the graph's field may not"
    if isinstance(graph_type, StrawberryList):
        return _misfit_of_list(row_type, graph_type)
    if isinstance(graph_type, StrawberryEnumDefinition):
        enum = graph_type.wrapped_cls
        return None if row_type in (Any, enum) else f"{_name(row_type)} is not {enum.__name__}"
    nested = row_class_in(row_type)
    if nested is not None:
        return _misfit_of_row(nested, graph_type)
    return _misfit_of_value(_supertype(row_type), _supertype(graph_type))


def _misfit_of_list(row_type: Any, graph_type: StrawberryList) -> str | None:
    if get_origin(row_type) is list:
        return _misfit(get_args(row_type)[0], graph_type.of_type)
    return None if row_type is Any else f"{_name(row_type)} is not a list"


def _misfit_of_row(nested: type[Row[Any]], graph_type: Any) -> str | None:
    feeds = nested.shape.feeds
    if feeds is None or feeds is graph_type or get_object_definition(graph_type) is None:
        fits = feeds is graph_type or nested.domain is not Row.domain
        return None if fits else f"{nested.__name__} feeds no graph type"
    return f"{nested.__name__} makes a {feeds.__name__}, not a {_name(graph_type)}"


def _misfit_of_value(row_type: Any, graph_type: Any) -> str | None:
    accepted = _ACCEPTED.get(graph_type)
    if accepted is None or not isinstance(row_type, type) or row_type in accepted:
        return None
    # A subclass fits, but a bool is no number to a client, a datetime is no date, and an enum is no string.
    fits = issubclass(row_type, accepted) and row_type not in (bool, datetime) and not issubclass(row_type, Enum)
    return None if fits else f"{_name(row_type)} is not {_name(graph_type)}"


def _supertype(declared: Any) -> Any:
    """Return the type below a NewType."""
    while isinstance(declared, NewType):
        declared = declared.__supertype__
    return declared


def _without_none(declared: Any) -> Any:
    if get_origin(declared) not in (Union, UnionType):
        return declared
    return Union[tuple(part for part in get_args(declared) if part is not NoneType)]  # noqa: UP007  # at run time


def _name(declared: Any) -> str:
    return getattr(declared, "__name__", str(declared))
