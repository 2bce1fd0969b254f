"""Name the fields to request from a backend: a comma list for sparse REST, a selection for GraphQL."""

from __future__ import annotations

from graphfold.rows.row import RowClass, row_class_in
from graphfold.rows.shape import RowField, cached_by_class

__all__ = ["wire_names", "wire_selection"]

_Tree = dict[str, "_Tree"]


@cached_by_class
def wire_names(row: RowClass, requested: frozenset[str]) -> str:
    """Return `"contact.mail,custNo"`: dotted paths, sorted so that caches and recordings stay stable."""
    return ",".join(sorted({".".join(f.path) for f in _fields(row, requested)}))


@cached_by_class
def wire_selection(row: RowClass, requested: frozenset[str]) -> str:
    """Return `"skuCode listPrice { currency value }"`: a GraphQL selection, nested rows included."""
    return _text(_tree(row, requested))


def _fields(row: RowClass, requested: frozenset[str]) -> list[RowField]:
    return [f for f in row.shape.fields if not f.on_demand or f.name in requested]


def _tree(row: RowClass, requested: frozenset[str]) -> _Tree:
    tree: _Tree = {}
    for f in _fields(row, requested):
        branch = tree
        for step in f.path[:-1]:
            branch = branch.setdefault(step, {})
        nested = row_class_in(f.type)
        branch.setdefault(f.path[-1], {}).update(_tree(nested, nested.shape.on_demand) if nested else {})
    return tree


def _text(tree: _Tree) -> str:
    return " ".join(f"{name} {{ {_text(below)} }}" if below else name for name, below in sorted(tree.items()))
