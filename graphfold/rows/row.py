"""`Row`: one typed record of a backend, and the graph object it becomes.

A row class is declared once and drives decoding, the fields requested from the backend, and the documentation. Unless
the class writes `domain()` by hand, the graph object is a copy of the row's same-named fields.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar, Generic, TypeVar, dataclass_transform, get_args, get_origin

from graphfold.declarations import current_declarations
from graphfold.mistakes import Mistake, author_location
from graphfold.rows.shape import RowShape, build_shape, cached_by_class, check_defaults
from graphfold.rows.unrequested import unrequested_field

__all__ = ["Row", "RowClass", "check_fills_graph_type", "row_class_in", "row_class_of", "to_graph_object"]

D_co = TypeVar("D_co", covariant=True)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Row(Generic[D_co]):
    """A record of a backend, in the graph's names: `class CustomerRow(Row[Customer], key="number")`.

    A field's place in the reply is its own name, or `Annotated[..., Wire("profile.name")]`. Without a default the
    backend must send it; with one it may leave it out. `OnDemand` fields are requested only when a query needs them.
    Same-named fields are copied into the graph type; a row with anything else writes `domain()`.
    Rows are shared between requests: never change one.
    """

    shape: ClassVar[RowShape]

    def __init_subclass__(cls, *, key: str | None = None) -> None:
        super().__init_subclass__()
        scope = dict(sys._getframe(1).f_locals)  # types may be local to the function that declares the class
        check_defaults(cls)
        dataclass(kw_only=True, eq=False)(cls)  # eq=False: rows stay hashable, by identity
        cls.shape = build_shape(cls, key, _graph_type(cls), author_location(), scope)
        current_declarations().rows.append(cls)

    def domain(self) -> D_co:
        """Return the graph object this row becomes. Override it where fields are not simply copied."""
        copied: D_co = _copier(row_class_of(self) or type(self))(self, lambda _: frozenset())
        return copied


RowClass = type[Row[Any]]

UnrequestedFields = Callable[[RowClass], frozenset[str]]
"""From a row class to the OnDemand fields that were not requested."""


def _graph_type(cls: type) -> type | None:
    """Return the `Customer` of `class CustomerRow(Row[Customer])`."""
    for base in getattr(cls, "__orig_bases__", ()):
        if isinstance(get_origin(base), type) and issubclass(get_origin(base), Row):
            argument = get_args(base)[0]
            return argument if isinstance(argument, type) and argument is not Any else None
    return None


@cached_by_class
def row_class_in(declared: object) -> RowClass | None:
    """Return the row class in `CustomerRow`, `list[OrderRow]`, `Page[OrderRow]` or `CustomerRow | BackendError`."""
    if isinstance(declared, type) and not get_args(declared) and issubclass(declared, Row):
        return declared
    return next((row for part in get_args(declared) if (row := row_class_in(part)) is not None), None)


def row_class_of(value: object) -> RowClass | None:
    """Return the row class of a row, decoded (see `structs`) or made by hand; None for anything else."""
    kind = type(value)
    declared: RowClass | None = getattr(kind, "row_class_", None)
    if declared is not None:
        return declared
    return kind if issubclass(kind, Row) else None


def to_graph_object(value: object, unrequested: UnrequestedFields) -> Any:
    """Return the graph object of a row, or of each row in a list; anything else as it is.

    Reading a field that is among the `unrequested` ones of its row class raises `FieldNotRequested`.
    """
    if isinstance(value, Row) and (row := row_class_of(value)) is not None:
        made = _copier(row)(value, unrequested) if row.domain is Row.domain else value.domain()
        missing = unrequested(row)
        if missing:
            # The object is new, so nothing else sees the change, and it stays an instance of its graph type.
            made.__class__ = _partial_type(type(made), missing)
        return made
    if isinstance(value, list):
        return [to_graph_object(item, unrequested) for item in value]
    return value


def check_fills_graph_type(row: RowClass) -> None:
    """Raise the `Mistake` of a row without `domain()` whose fields do not fill its graph type."""
    if row.domain is Row.domain:
        _copier(row)


@cached_by_class
def _copier(row: RowClass) -> Callable[[Row[Any], UnrequestedFields], Any]:
    """Generate the function that copies a row into a new graph object.

    It sets all fields in one assignment of `__dict__`, since calling `__init__` with keywords takes several times
    longer.
    """
    target = row.shape.feeds
    if target is None or not hasattr(target, "__strawberry_definition__"):
        raise Mistake(
            row.shape.where,
            f"{row.__name__} feeds no graph type and has no domain()",
            why="only a graph type's fields say what to copy.",
            fix=f"write class {row.__name__}(Row[Customer]), or give it a domain() that returns the object.",
        )
    scope: dict[str, Any] = {"target": target, "new": target.__new__, "to_graph_object": to_graph_object}
    # A field with a resolver holds no value: it is answered when it is selected.
    plain = [each for each in fields(target) if getattr(each, "base_resolver", None) is None]
    items = ", ".join(f"{each.name!r}: {_source(row, each, scope)}" for each in plain)
    exec(f"def copy(row, unrequested):\n made = new(target)\n made.__dict__ = {{{items}}}\n return made", scope)
    copy: Callable[[Row[Any], UnrequestedFields], Any] = scope["copy"]
    return copy


def _source(row: RowClass, wanted: Field[Any], scope: dict[str, Any]) -> str:
    """Return the expression that fills one field of the graph type; what it refers to is added to `scope`."""
    row_field = next((f for f in row.shape.fields if f.name == wanted.name), None)
    if row_field is not None:
        value, nested = f"row.{row_field.name}", row_class_in(row_field.type)
        if nested is None:  # rows are shared between requests, so lists are copied
            return f"{value} if {value} is None else {value}[:]" if row_field.is_list else value
        if nested.shape.feeds is None and nested.domain is Row.domain:
            _copier(nested)  # raises the Mistake of the nested row
        return f"to_graph_object({value}, unrequested)"
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


@cached_by_class
def _partial_type(graph_type: type, missing: frozenset[str]) -> type:
    """Return a subclass of the graph type in which reading a missing field raises `FieldNotRequested`."""
    namespace = {"__module__": graph_type.__module__, "__qualname__": graph_type.__qualname__}
    properties = {name: unrequested_field(graph_type, name) for name in missing}
    return type(graph_type.__name__, (graph_type,), properties | namespace)
