"""Does a row's field fit the graph field of the same name? Told from the two declarations, before any value came."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, NewType, Union, get_args, get_origin

from strawberry.types.base import StrawberryList, StrawberryOptional, get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, row_in

__all__ = ["check_types"]

_TAKES: dict[Any, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int,),
    float: (int, float),
    Decimal: (int, Decimal),
    datetime: (datetime,),
    date: (date,),
}
"""What a field of the graph can be given without losing anything, by its Python type."""


def check_types(row: type[Row[Any]]) -> None:
    """Raises the `Mistake` of a field that is copied into a graph field of another type."""
    target = row.shape.feeds
    definition = get_object_definition(target) if target is not None else None
    if definition is None or row.domain is not Row.domain:
        return
    wanted = {field.python_name: field.type for field in definition.fields if field.base_resolver is None}
    for f in row.shape.fields:
        ours = _without_none(f.type) if f.on_demand else f.type  # its default may be None, which is never read
        why = _misfit(ours, wanted[f.name]) if f.name in wanted else None
        if why is not None:
            raise Mistake(
                row.shape.where,
                f"{row.__name__}.{f.name} does not fit {definition.name}.{f.name}: {why}",
                why="fields of the same name are copied as they are.",
                fix="give both the same type, convert in Wire, or write domain().",
            )


def _misfit(ours: Any, wanted: Any) -> str | None:
    if isinstance(wanted, StrawberryOptional):
        return _misfit(_without_none(ours), wanted.of_type)
    if NoneType in get_args(ours):
        return "it may be null, and the graph's field may not"
    if isinstance(wanted, StrawberryList):
        return _misfit(get_args(ours)[0], wanted.of_type) if get_origin(ours) is list else _unless_any(ours, "a list")
    if isinstance(wanted, StrawberryEnumDefinition):
        return None if ours in (Any, wanted.wrapped_cls) else f"{_name(ours)} is not {wanted.wrapped_cls.__name__}"
    nested = row_in(ours)
    return _misfit_of_row(nested, wanted) if nested is not None else _misfit_of_value(_plain(ours), _plain(wanted))


def _misfit_of_row(nested: type[Row[Any]], wanted: Any) -> str | None:
    feeds = nested.shape.feeds
    if feeds is None or feeds is wanted or get_object_definition(wanted) is None:
        return None if feeds is wanted or nested.domain is not Row.domain else f"{nested.__name__} feeds no graph type"
    return f"{nested.__name__} makes a {feeds.__name__}, not a {_name(wanted)}"


def _misfit_of_value(ours: Any, wanted: Any) -> str | None:
    takes = _TAKES.get(wanted)
    if takes is None or not isinstance(ours, type):
        return None
    fits = ours in takes or (issubclass(ours, takes) and ours not in (bool, datetime) and not issubclass(ours, Enum))
    return None if fits else f"{_name(ours)} is not {_name(wanted)}"


def _plain(declared: Any) -> Any:
    while isinstance(declared, NewType):
        declared = declared.__supertype__
    return declared


def _without_none(declared: Any) -> Any:
    if get_origin(declared) not in (Union, UnionType):
        return declared
    return Union[tuple(part for part in get_args(declared) if part is not NoneType)]  # noqa: UP007  # at run time


def _unless_any(ours: Any, wanted: str) -> str | None:
    return None if ours is Any else f"{_name(ours)} is not {wanted}"


def _name(declared: Any) -> str:
    return getattr(declared, "__name__", str(declared))
