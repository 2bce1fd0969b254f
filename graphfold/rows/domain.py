"""From row to graph: same-named fields are copied, and what nobody asked for cannot be read by accident."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, get_args, get_origin

from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, RowField, per_row, row_in
from graphfold.rows.structs import row_class
from graphfold.rows.traps import NotAskedFor, trap

__all__ = ["NotAskedFor", "check_copy", "copy_into_graph", "graph_object"]


LeftOut = Callable[[type[Row[Any]]], frozenset[str]]
"""Which OnDemand fields of a row class were not asked for."""


def graph_object(value: Any, left_out: LeftOut) -> Any:
    """The graph object of a row; of each row in a list. `left_out` fields are not to be read."""
    if isinstance(value, Row) and (kind := row_class(value)) is not None:
        made = _copier(kind)(value, left_out) if kind.domain is Row.domain else value.domain()
        missing = left_out(kind)
        if missing:
            made.__class__ = _partial(type(made), missing)
        return made
    if isinstance(value, list):
        return [graph_object(item, left_out) for item in value]
    return value


def copy_into_graph(row: Row[Any]) -> Any:
    """A new graph object with the row's same-named fields; nested rows become graph objects too."""
    return _copier(row_class(row) or type(row))(row, lambda _: frozenset())


def check_copy(row: type[Row[Any]]) -> None:
    """Raises the `Mistake` of a row whose fields do not fill its graph type and that writes no `domain()`."""
    if row.domain is Row.domain:
        _copier(row)


@per_row
def _copier(row: type[Row[Any]]) -> Callable[[Row[Any], LeftOut], Any]:
    target = row.shape.feeds
    if target is None or not hasattr(target, "__strawberry_definition__"):
        raise Mistake(
            row.shape.where,
            f"{row.__name__} feeds no graph type and has no domain()",
            why="only a graph type's fields say what to copy.",
            fix=f"write class {row.__name__}(Row[Customer]), or give it a domain() that returns the object.",
        )
    scope: dict[str, Any] = {"target": target, "new": target.__new__, "into": graph_object}
    items = [f"{f.name!r}: {_source(row, f, scope)}" for f in fields(target) if _is_plain(f)]
    exec(
        f"def copy(row, left_out):\n made = new(target)\n made.__dict__ = {{{', '.join(items)}}}\n return made",
        scope,
    )
    copy: Callable[[Row[Any], LeftOut], Any] = scope["copy"]
    return copy


def _is_plain(wanted: Any) -> bool:
    """Whether the graph type holds a value here; a field with a resolver is answered when it is selected."""
    return getattr(wanted, "base_resolver", None) is None


def _source(row: type[Row[Any]], wanted: Any, scope: dict[str, Any]) -> str:
    """The expression that fills one field of the graph type."""
    found = next((f for f in row.shape.fields if f.name == wanted.name), None)
    if found is not None:
        return _taken(found)
    if wanted.default is not MISSING:
        scope[f"default_{wanted.name}"] = wanted.default
        return f"default_{wanted.name}"
    if wanted.default_factory is not MISSING:
        scope[f"default_{wanted.name}"] = wanted.default_factory
        return f"default_{wanted.name}()"
    target = row.shape.feeds
    raise Mistake(
        row.shape.where,
        f"{row.__name__} does not fill {getattr(target, '__name__', target)}.{wanted.name}",
        why="a field of the graph type without a resolver and without a default needs a value.",
        fix=f"add a field {wanted.name!r} to the row, a resolver for it, or write domain().",
    )


def _taken(f: RowField) -> str:
    """The value of a row's field. Rows are shared between requests, so a graph object gets a list of its own."""
    nested = row_in(f.type)
    if nested is None:
        lists = any(get_origin(part) is list for part in (f.type, *get_args(f.type)))
        return f"row.{f.name} if row.{f.name} is None else row.{f.name}[:]" if lists else f"row.{f.name}"
    if nested.shape.feeds is None and nested.domain is Row.domain:
        _copier(nested)  # says what is missing
    return f"into(row.{f.name}, left_out)"


@per_row
def _partial(graph_type: type, missing: frozenset[str]) -> type:
    """The graph type with traps where nobody asked: reading one is loud, never a silent None."""
    names = {"__module__": graph_type.__module__, "__qualname__": graph_type.__qualname__}
    return type(graph_type.__name__, (graph_type,), {name: trap(graph_type, name) for name in missing} | names)
