"""Decoded rows: msgspec structs that a reply's bytes become in one step, and that are rows and graph objects at once.

A struct class is made for each row class and selection. Its attributes are the row's fields: those that stand on the
wire as they are wanted are the struct's own, the others (a dotted path, a conversion, a default for null) are computed
when they are read. Where the row's fields simply are the graph type's, the struct stands for the graph object too, so
nothing is copied; where the row writes `domain()`, that makes the object. Structs are frozen: requests share them.
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
from graphfold.rows.row import Row, RowField, per_row, row_in
from graphfold.rows.traps import trap
from graphfold.rows.wire import Conversion

__all__ = ["ORIGINS", "Selected", "Structs", "WireRead", "is_graph_object", "row_class"]

Selected = dict[type[Row[Any]], frozenset[str]]
"""The OnDemand fields that are asked for, by row class."""

ORIGINS: WeakKeyDictionary[type[Row[Any]], tuple[str, str]] = WeakKeyDictionary()
"""Which operation of which backend a row comes from, for errors that show only when a field is read."""

Leaves = list[tuple[tuple[str, ...], RowField]]


@dataclass(frozen=True, slots=True)
class WireRead:
    """How a computed attribute may be read past its property: the struct's attributes down to the value on the wire,
    any of which may be None, and the conversion. What fails that way fails through the property too, with its reason.
    """

    path: tuple[str, ...]
    convert: Conversion[Any, Any] | None


@per_row
def is_graph_object(row: type[Row[Any]]) -> bool:
    """Whether a decoded row can stand for its graph object: same fields, nothing computed by hand."""
    target = row.shape.feeds
    if row.domain is not Row.domain or not hasattr(target, "__strawberry_definition__"):
        return False
    assert target is not None
    if hasattr(target, "__post_init__") or "__slots__" in target.__dict__:
        return False
    known = {f.name: f for f in row.shape.fields}
    return all(
        _fits(known.get(wanted.name), wanted)
        for wanted in fields(target)
        if getattr(wanted, "base_resolver", None) is None
    )


def row_class(value: object) -> type[Row[Any]] | None:
    """The row class of a decoded or hand-made row; None for anything else."""
    kind = type(value)
    found = getattr(kind, "row_class_", None)
    if found is not None:
        return found  # type: ignore[no-any-return]  # put there below
    return kind if issubclass(kind, Row) else None


class Structs:
    """Makes the struct classes of one selection, each row class's once."""

    def __init__(self, selected: Selected) -> None:
        self._selected = selected
        self._made: dict[type[Row[Any]], Any] = {}

    def of(self, declared: Any) -> Any:
        """The type for msgspec to read a declared type as."""
        origin, arguments = get_origin(declared), get_args(declared)
        if origin in (Union, UnionType) and NoneType in arguments:
            return self.of(without_none(arguments)) | None
        if origin is list:
            return list.__class_getitem__(self.of(arguments[0]))
        if isinstance(declared, type) and origin is None and issubclass(declared, Row):
            return self.row(declared)
        return Annotated[datetime, msgspec.Meta(tz=True)] if declared is datetime else declared

    def row(self, row: type[Row[Any]]) -> Any:
        if row not in self._made:
            asked = self._selected.get(row, frozenset())
            self._made[row] = _StructClass(self, row, asked).made()
        return self._made[row]


class _StructClass:
    """One struct class: its wire fields, and a namespace of what is computed and inherited."""

    def __init__(self, structs: Structs, row: type[Row[Any]], asked: frozenset[str]) -> None:
        self._structs, self._row = structs, row
        self._wanted = [f for f in row.shape.fields if not f.on_demand or f.name in asked]
        self._left_out = [f for f in row.shape.fields if f.on_demand and f.name not in asked]
        self._serves = is_graph_object(row)
        self._namespace: dict[str, Any] = {}
        self._reads: dict[str, WireRead] = {}
        self._own: set[str] = set()

    def made(self) -> Any:
        wire, rename = self._fields([(f.path, f) for f in self._wanted], (), top=True)
        for f in self._left_out:
            self._namespace[f.name] = trap(self._row, f.name) if self._serves else f.default_value()
        namespace = {**dict(_inherited(self._row, self._serves)), **self._namespace}
        for name in self._own:
            namespace.pop(name, None)
        kind = self._row.shape.feeds if self._serves else self._row
        names = tuple(f.name for f in self._row.shape.fields if f not in self._left_out or not self._serves)
        namespace |= {
            "row_class_": self._row,
            "is_graph_object_": self._serves,
            "reads_": self._reads,
            "__class__": kind,  # isinstance(row, Customer) is what resolvers would expect
            "__dict__": property(lambda row: {name: getattr(row, name) for name in names}),
        }
        return msgspec.defstruct(
            self._row.__name__, wire, rename=rename, kw_only=True, frozen=True, gc=False, namespace=namespace
        )

    def _fields(
        self, leaves: Leaves, above: tuple[str, ...], *, top: bool
    ) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
        """The struct fields of one object on the wire, and the backend's names for them."""
        wire: list[tuple[Any, ...]] = []
        rename: dict[str, str] = {}
        for i, (step, below) in enumerate(_by_first_step(leaves).items()):
            here = [f for path, f in below if len(path) == 1]
            deeper = [(path[1:], f) for path, f in below if len(path) > 1]
            if (here and deeper) or len({(repr(f.type), f.convert) for f in here}) > 1:
                raise self._mistake(step, [f.name for _, f in below])
            name = here[0].name if top and len(here) == 1 and _as_it_stands(here[0]) else f"wire_{i}_"
            rename[name] = step
            if name == here[0].name if here else False:
                self._own.add(name)
                wire.append((name, self._leaf(here[0]), *_default(here[0])))
                continue
            if here:
                kind = self._leaf(here[0])
                for f in here:
                    self._namespace[f.name] = _computed(self._row, f, (*above, name))
                    if not (f.may_be_absent or f.null_is_default or _is_list(f)):
                        self._reads[f.name] = WireRead((*above, name), f.convert)
            else:
                inner, names = self._fields(deeper, (*above, name), top=False)
                kind = msgspec.defstruct("Part", inner, rename=names, kw_only=True, frozen=True, gc=False)
            wire.append((name, *_presence(kind, [f for _, f in below], nested=not here)))
        return wire, rename

    def _leaf(self, f: RowField) -> Any:
        if f.convert is not None:
            return f.convert.wire | None if f.nullable else f.convert.wire
        return self._structs.of(f.type)

    def _mistake(self, step: str, names: list[str]) -> Mistake:
        return Mistake(
            self._row.shape.where,
            f"{self._row.__name__}: {names} read {step!r} in different ways",
            why="one place in a reply has one type.",
            fix="read it as one field (a nested Row where it is an object) and derive the other in domain().",
        )


def _fits(f: RowField | None, wanted: Any) -> bool:
    """Can this row field be read in place of the graph type's field?"""
    if f is None:
        return wanted.default is not MISSING or wanted.default_factory is not MISSING
    nested = row_in(f.type)
    return nested is None or is_graph_object(nested)


def _as_it_stands(f: RowField) -> bool:
    """Whether the wire's value is the field's. Lists are computed: each reader gets one of its own."""
    return f.convert is None and not f.null_is_default and not _is_list(f)


def _default(f: RowField) -> tuple[Any, ...]:
    if not f.may_be_absent:
        return ()
    if f.default is MISSING:
        return (None,)
    return (msgspec.field(default_factory=f.default),) if callable(f.default) else (f.default,)


def _is_list(f: RowField) -> bool:
    return any(get_origin(part) is list for part in (f.type, *get_args(f.type)))


def _computed(row: type[Row[Any]], f: RowField, steps: tuple[str, ...]) -> property:
    """A field that is read from the struct's wire fields when somebody wants it."""
    convert = list if _is_list(f) and f.convert is None else _converting(row, f)
    scope = {"UNSET": UNSET, "convert": convert, "default": f.default_value if f.default is not MISSING else None}
    lines = [f"value = self.{steps[0]}"]
    lines += [f"if value is not None and value is not UNSET: value = value.{step}" for step in steps[1:]]
    if f.may_be_absent and f.default is not MISSING:
        lines.append("if value is UNSET: return default()")
    if f.null_is_default:
        lines.append("if value is None: return default()")
    taken = "value" if convert is None else "None if value is None or value is UNSET else convert(value)"
    exec("def read(self):\n " + "\n ".join([*lines, f"return {taken}"]), scope)
    return property(scope["read"])  # type: ignore[arg-type]  # defined by the line above


def _converting(row: type[Row[Any]], f: RowField) -> Callable[[Any], Any] | None:
    """The conversion, its failures said as what they are: a reply that does not fit."""
    if f.convert is None:
        return None
    convert, name, place = f.convert.convert, f.convert.name, ".".join(f.path)

    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, KeyError, TypeError, ArithmeticError):
            backend, operation = ORIGINS.get(row, (None, None))
            raise BackendContract(
                "The backend answers in another form than was agreed.",
                backend=backend,
                operation=operation,
                internal=f"a value at `{place}` does not fit: {name}",
            ) from None

    return converted


def _inherited(row: type[Row[Any]], serves: bool) -> Iterator[tuple[str, Any]]:
    """What the row class and the graph type it stands for have beside fields: methods, properties, constants."""
    names = {f.name for f in row.shape.fields}
    target = row.shape.feeds if serves else None
    if target is not None:
        for wanted in fields(target):
            if wanted.default is not MISSING:
                yield wanted.name, wanted.default
            elif wanted.default_factory is not MISSING:
                yield wanted.name, _made_anew(wanted.default_factory)
        for kind in reversed(target.__mro__[:-1]):
            yield from _members(kind, {f.name for f in fields(target)} | names)
        yield "__strawberry_definition__", target.__strawberry_definition__  # type: ignore[attr-defined]
        yield "__dataclass_fields__", target.__dataclass_fields__  # type: ignore[attr-defined]
    else:
        yield "__dataclass_fields__", row.__dataclass_fields__  # type: ignore[attr-defined]
    for kind in reversed(row.__mro__[: row.__mro__.index(Row) + 1]):
        yield from _members(kind, names)
    if serves:
        yield "domain", _itself


def _made_anew(make: Callable[[], Any]) -> property:
    return property(lambda _: make())


def _members(kind: type, fields_: set[str]) -> Iterator[tuple[str, Any]]:
    for name, value in vars(kind).items():
        if name not in fields_ and not (name.startswith("__") and name.endswith("__")):
            yield name, value


def _by_first_step(leaves: Leaves) -> dict[str, Leaves]:
    grouped: dict[str, Leaves] = {}
    for path, f in leaves:
        grouped.setdefault(path[0], []).append((path, f))
    return grouped


def _presence(wire: Any, below: list[RowField], *, nested: bool) -> tuple[Any, ...]:
    """The wire type and, where it may be missing, its default. An object may be null if all in it may."""
    if all(f.null_is_default for f in below) or (nested and all(f.nullable or f.null_is_default for f in below)):
        wire = wire | None
    if all(f.may_be_absent for f in below):
        return wire | UnsetType, UNSET
    return (wire,)


def without_none(arguments: tuple[Any, ...]) -> Any:
    """A union's members without None, as a type."""
    kept = [argument for argument in arguments if argument is not NoneType]
    return Union[tuple(kept)]  # noqa: UP007  # made at run time


def _itself(row: Any) -> Any:
    """`domain()` of a struct that stands for its graph object."""
    return row
