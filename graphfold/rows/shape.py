"""The shape of a row class: its fields as declared, read once when the class is defined."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from graphfold.mistakes import Mistake, author_location
from graphfold.rows.wire import Conversion, OnDemand, Wire

__all__ = ["RowField", "RowShape", "build_shape", "cached_by_class", "check_defaults"]

F = TypeVar("F", bound=Callable[..., Any])


def cached_by_class(function: F) -> F:
    """Cache a function of classes, as `functools.lru_cache` does.

    It is typed apart since mypy takes the hash of a dataclass for that of its instances. The cache is bounded, since
    clients choose which fields are requested.
    """
    return cast("F", lru_cache(1024)(function))


@dataclass(frozen=True, slots=True)
class RowField:
    """One field: its name and type in the row, its path and conversion on the wire, and what may be missing there."""

    name: str
    type: Any
    path: tuple[str, ...]
    convert: Conversion[Any, Any] | None
    on_demand: bool
    may_be_absent: bool
    null_is_default: bool
    default: Any = field(default=MISSING)

    @property
    def nullable(self) -> bool:
        if get_origin(self.type) in (Union, UnionType):
            return NoneType in get_args(self.type)
        return self.type is Any or self.type is None

    @property
    def is_list(self) -> bool:
        return any(get_origin(part) is list for part in (self.type, *get_args(self.type)))

    def default_value(self) -> Any:
        """Return the default: a fresh object where it was declared with a factory."""
        return self.default() if callable(self.default) else self.default


@dataclass(frozen=True, slots=True)
class RowShape:
    """The fields of a row class in order, its key field, the graph type it `feeds`, and where it was declared.

    `on_demand` and `always` are the names of the fields that are requested only when a query needs them, and of all
    others.
    """

    fields: tuple[RowField, ...]
    key: str | None
    feeds: type | None
    where: str
    on_demand: frozenset[str]
    always: frozenset[str]


def build_shape(cls: type, key: str | None, feeds: type | None, where: str, scope: dict[str, Any]) -> RowShape:
    """Return the shape of a new row class. Raise `Mistake` where its declaration cannot work.

    `scope` is the namespace in which the class statement ran: types may be local to a function. `key` and `feeds` are
    inherited where the class does not declare them.
    """
    inherited: RowShape | None = next((base.shape for base in cls.__mro__[1:] if hasattr(base, "shape")), None)
    try:
        hints = get_type_hints(cls, localns=scope, include_extras=True)
    except NameError as error:
        raise Mistake(
            where,
            f"{cls.__name__}: {error}",
            why="a row's types are read at run time.",
            fix="import the type at the top of the file, not under TYPE_CHECKING.",
        ) from None
    declared = tuple(_row_field(each, hints[each.name]) for each in fields(cls))
    on_demand = frozenset(f.name for f in declared if f.on_demand)
    always = frozenset(f.name for f in declared) - on_demand
    if inherited is not None:
        key, feeds = key or inherited.key, feeds or inherited.feeds
    shape = RowShape(declared, key, feeds, where, on_demand, always)
    _check(cls.__name__, shape)
    return shape


def _row_field(declared: Field[Any], hint: Any) -> RowField:
    wire: Wire | None = None
    if get_origin(hint) is Annotated:
        wire = next((mark for mark in get_args(hint)[1:] if isinstance(mark, Wire)), None)
        hint = get_args(hint)[0]
    default = declared.default if declared.default is not MISSING else declared.default_factory
    return RowField(
        name=declared.name,
        type=hint,
        path=tuple(wire.path.split(".")) if wire else (declared.name,),
        convert=wire.convert if wire else None,
        on_demand=isinstance(wire, OnDemand),
        may_be_absent=wire.may_be_absent if isinstance(wire, OnDemand) else default is not MISSING,
        null_is_default=wire is not None and wire.null == "default",
        default=default,
    )


def check_defaults(cls: type) -> None:
    """Raise `Mistake` for a default that is a marker, or that all rows would share. Call it before `dataclass` does."""
    for name in inspect.get_annotations(cls):
        default = cls.__dict__.get(name)
        kind = type(default).__name__
        if isinstance(default, Wire):
            raise Mistake(
                author_location(),
                f"{cls.__name__}.{name} has a {kind} as its default",
                why="the path in the reply is part of the annotation; `=` sets a default value.",
                fix=f"write `{name}: Annotated[str, {kind}({default.path!r})]`.",
            )
        if isinstance(default, list | dict | set):
            raise Mistake(
                author_location(),
                f"{cls.__name__}.{name} has a {kind} as its default",
                why="all rows would share it.",
                fix=f"write `= field(default_factory={kind})`, from dataclasses.",
            )


def _check(row: str, shape: RowShape) -> None:
    names = [f.name for f in shape.fields]
    if shape.key is not None and shape.key not in names:
        raise Mistake(
            shape.where,
            f"{row}: key={shape.key!r} is not one of its fields {names}",
            why="the key field says which row belongs to which requested key.",
            fix="name the field that identifies a row.",
        )
    if shape.on_demand and not hasattr(shape.feeds, "__strawberry_definition__"):
        raise Mistake(
            shape.where,
            f"{row}: {sorted(shape.on_demand)} are OnDemand, but the row has no graph type",
            why="an OnDemand field is requested when a query selects the graph field of the same name.",
            fix=f"say which type it feeds, e.g. class {row}(Row[Customer]).",
        )
    bare = sorted(f.name for f in shape.fields if f.on_demand and f.default is MISSING)
    if bare:
        raise Mistake(
            shape.where,
            f"{row}: {bare} are OnDemand and have no default",
            why="a query that does not need them makes the row without them.",
            fix="give each a default, e.g. `= None`.",
        )
    for f in shape.fields:
        if f.null_is_default and f.default is MISSING:
            raise Mistake(
                shape.where,
                f'{row}.{f.name}: null="default" without a default',
                why="there is no value to replace a null with.",
                fix='give the field a default, or drop null="default".',
            )
