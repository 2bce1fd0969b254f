"""What to ask a backend for, in its own names: a comma list for sparse REST, a selection for GraphQL."""

from __future__ import annotations

from typing import Any

from graphfold.rows.row import Row, RowField, per_row, row_in

__all__ = ["wire_names", "wire_selection"]


@per_row
def wire_names(row: type[Row[Any]], asked: frozenset[str]) -> str:
    """`"contact.mail,custNo"`: dotted paths, sorted so that caches and recordings stay stable."""
    return ",".join(sorted({".".join(f.path) for f in _wanted(row, asked)}))


@per_row
def wire_selection(row: type[Row[Any]], asked: frozenset[str]) -> str:
    """`"skuCode listPrice { currency value }"`: a GraphQL selection, nested rows included."""
    return _text(_tree(row, asked))


def _wanted(row: type[Row[Any]], asked: frozenset[str]) -> list[RowField]:
    return [f for f in row.shape.fields if not f.on_demand or f.name in asked]


def _tree(row: type[Row[Any]], asked: frozenset[str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for f in _wanted(row, asked):
        branch = tree
        for step in f.path[:-1]:
            branch = branch.setdefault(step, {})
        nested = row_in(f.type)
        branch.setdefault(f.path[-1], {}).update(_tree(nested, nested.shape.on_demand) if nested else {})
    return tree


def _text(tree: dict[str, Any]) -> str:
    return " ".join(f"{name} {{ {_text(below)} }}" if below else name for name, below in sorted(tree.items()))
