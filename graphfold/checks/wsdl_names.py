"""Check names in adapters and rows against the WSDL, by which replies are read: a wrong name never has a value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from graphfold.adapter.soap.xsd_types import XsdType, types_below
from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, row_class_in

__all__ = ["check_name", "check_row", "type_at"]


def check_row(row: type[Row[Any]], xsd_type: XsdType, above: tuple[type[Row[Any]], ...] = ()) -> None:
    """Raise `Mistake` for a path of the row, or of a row inside it, that the WSDL does not have below this type.

    `above` are the rows around this one: rows may contain themselves.
    """
    for field in row.shape.fields:
        below = type_at(xsd_type, field.path, row.shape.where, f"{row.__name__}.{field.name}: ")
        inner = row_class_in(field.type) if field.convert is None else None
        if inner is not None and inner not in above:
            check_row(inner, below, (*above, row))


def type_at(xsd_type: XsdType, path: Sequence[str], where: str, prefix: str = "") -> XsdType:
    """Return the type that `path` leads to. Raise `Mistake` at `where`, its text after `prefix`, for a wrong step."""
    for step in path:
        below = types_below(xsd_type)
        check_name(where, f"element of {xsd_type.name}", step, below, prefix)
        xsd_type = below[step]
    return xsd_type


def check_name(where: str, kind: str, name: str, names: Iterable[str], prefix: str = "") -> None:
    """Raise `Mistake` for a name that is not among `names` of the WSDL, with the closest one that is."""
    names = list(names)
    if name not in names:
        close = get_close_matches(name, names, n=1)
        raise Mistake(
            where,
            f"{prefix}{name!r} is not an {kind}",
            why="operations, arguments and elements have their names from the WSDL.",
            fix=f"write {close[0]!r}." if close else f"use one of {', '.join(names)}.",
        )
