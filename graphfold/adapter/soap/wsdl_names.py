"""Names in adapters and rows against the WSDL: replies are read by it, so one that it lacks would never be found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from zeep.xsd import ComplexType

from graphfold.adapter.soap.plain import attributes_in, elements_in, text_type_in
from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, row_class_in

__all__ = ["check_known", "check_row", "type_at"]


def check_row(row: type[Row[Any]], xsd_type: Any, above: tuple[type[Row[Any]], ...] = ()) -> None:
    """Raises the `Mistake` of a path that leads nowhere below an element of this type, in rows inside the row too."""
    for f in row.shape.fields:
        below = type_at(xsd_type, f.path, row.shape.where, f"{row.__name__}.{f.name}: ")
        inner = row_class_in(f.type) if f.convert is None else None
        if inner is not None and inner not in above:
            check_row(inner, below, (*above, row))


def type_at(xsd_type: Any, path: Sequence[str], where: str, told: str = "") -> Any:
    """The type of what `path` leads to. Raises a `Mistake` at `where` that begins with `told`."""
    for step in path:
        below = _below(xsd_type)
        check_known(where, f"element of {xsd_type.name}", step, below, told)
        xsd_type = below[step]
    return xsd_type


def check_known(where: str, kind: str, name: str, known: Iterable[str], told: str = "") -> None:
    """Raises the `Mistake` of a name that is not in the WSDL, with the nearest that is."""
    known = list(known)
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise Mistake(
            where,
            f"{told}{name!r} is no {kind}",
            why="operations, arguments and elements are called by their names in the WSDL.",
            fix=f"write {near[0]!r}." if near else f"use one of {', '.join(known)}.",
        )


def _below(xsd_type: Any) -> dict[str, Any]:
    """The types of all that a path may name below an element of this type."""
    if not isinstance(xsd_type, ComplexType):
        return {}
    found = {name: element.type for name, (element, _) in elements_in(xsd_type).items()}
    found |= {f"@{name}": attribute.type for name, attribute in attributes_in(xsd_type).items()}
    text = text_type_in(xsd_type)
    return found if text is None else {**found, "#text": text}
