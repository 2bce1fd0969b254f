"""Build the msgspec struct classes that a reply's bytes are decoded into: rows and graph objects at once.

A struct class is made for each row class and each selection of its OnDemand fields. For the row

    class CustomerRow(Row[Customer], key="number"):
        number: Annotated[str, Wire("custNo")]                        # on the wire as it is: an own field of the struct
        name: Annotated[str, Wire("profile.displayName")]             # a path: computed from `wire_1_`
        since: Annotated[datetime, Wire("created", EPOCH_MILLIS)]     # a conversion: computed from `wire_2_`

the class has the fields `number`, `wire_1_` (a struct `Part` with one field) and `wire_2_`, and properties `name` and
`since`, which convert when they are read. So a field that no client reads costs no conversion.

Where the row's fields simply are those of its graph type, the struct also serves as the graph object, and nothing is
copied: `isinstance(row, Customer)` holds, and it has the type's methods. Otherwise `Row.domain()` makes the object from
it. Structs are frozen, since requests share them. They have no garbage collection (`gc=False`): they hold plain values
and other structs, so they cannot be part of a cycle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin
from weakref import WeakKeyDictionary

import msgspec
from msgspec import UNSET, UnsetType

from graphfold.errors import BackendContract
from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, RowClass, row_class_in
from graphfold.rows.shape import RowField, cached_by_class
from graphfold.rows.unrequested import unrequested_field
from graphfold.rows.wire import Conversion

__all__ = ["ROW_ORIGINS", "Selected", "StructFactory", "WireRead", "serves_as_graph_object"]

Selected = dict[RowClass, frozenset[str]]
"""The OnDemand fields that are requested, by row class."""

ROW_ORIGINS: WeakKeyDictionary[RowClass, tuple[str, str]] = WeakKeyDictionary()
"""The backend and the operation that a row class comes from, for errors that show only when a field is read."""

_Leaves = list[tuple[tuple[str, ...], RowField]]
"""Row fields, each with its path on the wire."""


@dataclass(frozen=True, slots=True)
class WireRead:
    """How to read a computed attribute without its property: struct attributes down to the value, and the conversion.

    Any of the attributes may be None. A value that this fails for fails through the property too, with its reason.
    """

    path: tuple[str, ...]
    convert: Conversion[Any, Any] | None


@cached_by_class
def serves_as_graph_object(row: RowClass) -> bool:
    """Return whether a decoded row can be used as its graph object: the same fields, and nothing computed by hand."""
    target = row.shape.feeds
    if row.domain is not Row.domain or not hasattr(target, "__strawberry_definition__"):
        return False
    assert target is not None
    if hasattr(target, "__post_init__") or "__slots__" in target.__dict__:
        return False
    by_name = {f.name: f for f in row.shape.fields}
    for wanted in fields(target):
        if getattr(wanted, "base_resolver", None) is not None:
            continue
        f = by_name.get(wanted.name)
        if f is None:
            if wanted.default is MISSING and wanted.default_factory is MISSING:
                return False
        elif (nested := row_class_in(f.type)) is not None and not serves_as_graph_object(nested):
            return False
    return True


class StructFactory:
    """Makes the struct classes of one selection, one for each row class."""

    def __init__(self, selected: Selected) -> None:
        self._selected = selected
        self._made: dict[RowClass, Any] = {}

    def wire_type(self, declared: object) -> Any:
        """Return the type that msgspec reads a declared type as."""
        origin, arguments = get_origin(declared), get_args(declared)
        if origin in (Union, UnionType) and NoneType in arguments:
            members = tuple(argument for argument in arguments if argument is not NoneType)
            return self.wire_type(Union[members]) | None  # noqa: UP007  # made at run time
        if origin is list:
            return list.__class_getitem__(self.wire_type(arguments[0]))
        if isinstance(declared, type) and origin is None and issubclass(declared, Row):
            if declared not in self._made:
                selected = self._selected.get(declared, frozenset())
                self._made[declared] = _StructClass(self, declared, selected).make()
            return self._made[declared]
        return Annotated[datetime, msgspec.Meta(tz=True)] if declared is datetime else declared


class _StructClass:
    """Builds one struct class: its wire fields, and a namespace of what is computed and inherited."""

    def __init__(self, structs: StructFactory, row: RowClass, selected: frozenset[str]) -> None:
        self._structs, self._row = structs, row
        self._requested = [f for f in row.shape.fields if not f.on_demand or f.name in selected]
        self._unrequested = [f for f in row.shape.fields if f.on_demand and f.name not in selected]
        self._is_graph_object = serves_as_graph_object(row)
        self._namespace: dict[str, Any] = {}
        self._reads: dict[str, WireRead] = {}
        self._own: set[str] = set()

    def make(self) -> Any:
        row, graph_type = self._row, self._row.shape.feeds
        wire, rename = self._wire_fields([(f.path, f) for f in self._requested], (), top=True)
        for f in self._unrequested:
            if self._is_graph_object:
                self._namespace[f.name] = unrequested_field(graph_type or row, f.name)
            else:
                self._namespace[f.name] = f.default_value()
        namespace = {**dict(_inherited(row, self._is_graph_object)), **self._namespace}
        for name in self._own:
            namespace.pop(name, None)  # an inherited default would hide the struct's own field
        # A graph object leaves unrequested fields out, since reading one raises; a row has their defaults.
        names = tuple(f.name for f in row.shape.fields if f not in self._unrequested or not self._is_graph_object)
        namespace |= {
            "row_class_": row,
            "is_graph_object_": self._is_graph_object,
            "reads_": self._reads,
            "__class__": graph_type if self._is_graph_object else row,  # resolvers may use isinstance(row, Customer)
            # For `vars()` and libraries that read the fields of a dataclass there; a struct has no `__dict__`.
            "__dict__": property(lambda struct: {name: getattr(struct, name) for name in names}),
        }
        return msgspec.defstruct(
            row.__name__, wire, rename=rename, kw_only=True, frozen=True, gc=False, namespace=namespace
        )

    def _wire_fields(
        self, leaves: _Leaves, above: tuple[str, ...], *, top: bool
    ) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
        """Return the struct fields of one object on the wire, and the backend's names for them.

        `leaves` are the row fields within it, by their path from here; `above` are the attributes that lead to it.
        """
        wire: list[tuple[Any, ...]] = []
        rename: dict[str, str] = {}
        by_step: dict[str, _Leaves] = {}
        for path, f in leaves:
            by_step.setdefault(path[0], []).append((path[1:], f))
        for i, (step, below) in enumerate(by_step.items()):
            ending = [f for path, f in below if not path]
            deeper = [(path, f) for path, f in below if path]
            if (ending and deeper) or len({(repr(f.type), f.convert) for f in ending}) > 1:
                raise self._mistake(step, [f.name for _, f in below])
            only = ending[0] if len(ending) == 1 else None
            # A list is not read as it is on the wire: rows are shared, so each reader gets a copy of its own.
            if top and only is not None and not (only.convert or only.null_is_default or only.is_list):
                rename[only.name] = step
                self._own.add(only.name)
                wire.append((only.name, self._leaf_type(only), *_default(only)))
                continue
            name = f"wire_{i}_"
            rename[name] = step
            if ending:
                kind = self._leaf_type(ending[0])
                for f in ending:
                    self._namespace[f.name] = _computed(self._row, f, (*above, name))
                    if not (f.may_be_absent or f.null_is_default or f.is_list):
                        self._reads[f.name] = WireRead((*above, name), f.convert)
            else:
                inner, names = self._wire_fields(deeper, (*above, name), top=False)
                kind = msgspec.defstruct("Part", inner, rename=names, kw_only=True, frozen=True, gc=False)
            wire.append((name, *_presence(kind, [f for _, f in below], nested=not ending)))
        return wire, rename

    def _leaf_type(self, f: RowField) -> Any:
        if f.convert is not None:
            return f.convert.wire | None if f.nullable else f.convert.wire
        return self._structs.wire_type(f.type)

    def _mistake(self, step: str, names: list[str]) -> Mistake:
        return Mistake(
            self._row.shape.where,
            f"{self._row.__name__}: {names} read {step!r} in different ways",
            why="each path in a reply has one type.",
            fix="read it as one field (a nested Row where it is an object) and derive the other in domain().",
        )


def _default(f: RowField) -> tuple[Any, ...]:
    if not f.may_be_absent:
        return ()
    if f.default is MISSING:
        return (None,)
    return (msgspec.field(default_factory=f.default),) if callable(f.default) else (f.default,)


def _presence(wire: Any, below: list[RowField], *, nested: bool) -> tuple[Any, ...]:
    """Return the type of a wire field and, where it may be missing, its default.

    An object may be null or missing on the wire if all row fields in it may.
    """
    if all(f.null_is_default for f in below) or (nested and all(f.nullable or f.null_is_default for f in below)):
        wire = wire | None
    if all(f.may_be_absent for f in below):
        return wire | UnsetType, UNSET
    return (wire,)


def _computed(row: RowClass, f: RowField, steps: tuple[str, ...]) -> property:
    """Return the property that reads a row field from the struct's wire fields. It is generated for speed."""
    convert = list if f.is_list and f.convert is None else _conversion(row, f)  # `list` copies: rows are shared
    scope = {"UNSET": UNSET, "convert": convert, "default": f.default_value if f.default is not MISSING else None}
    lines = [f"value = self.{steps[0]}"]
    lines += [f"if value is not None and value is not UNSET: value = value.{step}" for step in steps[1:]]
    if f.may_be_absent and f.default is not MISSING:
        lines.append("if value is UNSET: return default()")
    if f.null_is_default:
        lines.append("if value is None: return default()")
    result = "value" if convert is None else "None if value is None or value is UNSET else convert(value)"
    exec("def read(self):\n " + "\n ".join([*lines, f"return {result}"]), scope)
    return property(scope["read"])  # type: ignore[arg-type]  # defined by the line above


def _conversion(row: RowClass, f: RowField) -> Callable[[Any], Any] | None:
    """Return the field's conversion, with its failures as BACKEND_CONTRACT: the reply has another form than agreed."""
    if f.convert is None:
        return None
    convert, name, place = f.convert.convert, f.convert.name, ".".join(f.path)

    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, KeyError, TypeError, ArithmeticError):
            backend, operation = ROW_ORIGINS.get(row, (None, None))
            raise BackendContract(
                "The backend's reply does not have the agreed form.",
                backend=backend,
                operation=operation,
                internal=f"a value at `{place}` does not fit: {name}",
            ) from None

    return converted


def _inherited(row: RowClass, is_graph_object: bool) -> Iterator[tuple[str, Any]]:
    """Yield what the row class and the graph type have beside fields: methods, properties, constants.

    A struct class cannot inherit from them, since they are dataclasses.
    """
    names = {f.name for f in row.shape.fields}
    target = row.shape.feeds if is_graph_object else None
    if target is not None:
        for wanted in fields(target):
            if wanted.default is not MISSING:
                yield wanted.name, wanted.default
            elif wanted.default_factory is not MISSING:
                yield wanted.name, _fresh(wanted.default_factory)
        for kind in reversed(target.__mro__[:-1]):
            yield from _members(kind, {f.name for f in fields(target)} | names)
        yield "__strawberry_definition__", target.__strawberry_definition__  # type: ignore[attr-defined]
        yield "__dataclass_fields__", target.__dataclass_fields__  # type: ignore[attr-defined]
    else:
        yield "__dataclass_fields__", row.__dataclass_fields__  # type: ignore[attr-defined]
    for kind in reversed(row.__mro__[: row.__mro__.index(Row) + 1]):
        yield from _members(kind, names)
    if is_graph_object:
        yield "domain", lambda self: self


def _fresh(make: Callable[[], Any]) -> property:
    return property(lambda _: make())


def _members(kind: type, excluded: set[str]) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if name not in excluded and not (name.startswith("__") and name.endswith("__")):
            yield name, value
