"""`Row`: one typed record of a backend. Declared once, it drives decoding, what is asked for, and the docs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Generic, TypeVar, Union, cast, dataclass_transform, get_args, get_origin
from typing import get_type_hints as _hints

from graphfold.declarations import current
from graphfold.mistakes import Mistake, here
from graphfold.rows.wire import Conversion, OnDemand, Wire

__all__ = ["Row", "RowField", "RowShape", "per_row", "row_in"]

D_co = TypeVar("D_co", covariant=True)
F = TypeVar("F", bound=Callable[..., Any])


def per_row(function: F) -> F:
    """`functools.lru_cache` for functions of row classes, whose hash mypy mistakes for that of their instances.

    Bounded, since clients choose which fields are asked for.
    """
    return cast("F", lru_cache(1024)(function))


@dataclass(frozen=True, slots=True)
class RowField:
    """One field: its name and type with us, its path and conversion at the backend, and what may be missing."""

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
        return _allows_none(self.type)

    def default_value(self) -> Any:
        """The default; a fresh object where it was declared with a factory."""
        return self.default() if callable(self.default) else self.default


@dataclass(frozen=True, slots=True)
class RowShape:
    """What was declared: the fields in order, the key field, the graph type this row feeds, and where it stands."""

    fields: tuple[RowField, ...]
    key: str | None
    feeds: type | None
    where: str
    on_demand: frozenset[str]
    always: frozenset[str]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
class Row(Generic[D_co]):
    """What a backend sends, in our names: `class CustomerRow(Row[Customer], key="number")`.

    A field's place in the reply is its own name, or `Annotated[..., Wire("profile.name")]`. Without a default the
    backend must send it; with one it may leave it out. `OnDemand` fields are asked for only when a query needs them.
    Same-named fields are copied into the graph type; a row with anything else writes `domain()`.
    Rows are shared between requests: never change one.
    """

    shape: ClassVar[RowShape]

    def __init_subclass__(cls, *, key: str | None = None) -> None:
        super().__init_subclass__()
        scope = sys._getframe(1).f_locals
        _check_defaults(cls)
        dataclass(kw_only=True, eq=False)(cls)  # compared by identity: hashable, and the class too
        cls.shape = _shape(cls, key, here(), dict(scope))
        _check(cls)
        current().rows.append(cls)

    def domain(self) -> D_co:
        """The object of the graph this row becomes. Written by hand where fields are not simply copied."""
        from graphfold.rows.domain import copy_into_graph

        copied: D_co = copy_into_graph(self)
        return copied


@per_row
def row_in(declared: Any) -> type[Row[Any]] | None:
    """The row class inside `CustomerRow`, `list[OrderRow]`, `Page[OrderRow]`, `CustomerRow | BackendError`."""
    if isinstance(declared, type) and not get_args(declared) and issubclass(declared, Row):
        return declared
    return next((row for part in get_args(declared) if (row := row_in(part)) is not None), None)


def _shape(cls: type[Row[Any]], key: str | None, where: str, scope: dict[str, Any]) -> RowShape:
    inherited = next((base.shape for base in cls.__mro__[1:] if hasattr(base, "shape")), None)
    try:
        hints = _hints(cls, localns=scope, include_extras=True)
    except NameError as error:
        raise Mistake(
            where,
            f"{cls.__name__}: {error}",
            why="a row's types are read at run time.",
            fix="import the type at the top of the file, not under TYPE_CHECKING.",
        ) from None
    declared = tuple(_field(f, hints[f.name]) for f in fields(cls))  # type: ignore[arg-type]  # made a dataclass above
    feeds = _feeds(cls) or (inherited.feeds if inherited else None)
    on_demand = frozenset(f.name for f in declared if f.on_demand)
    always = frozenset(f.name for f in declared) - on_demand
    return RowShape(declared, key or (inherited.key if inherited else None), feeds, where, on_demand, always)


def _field(declared: Any, hint: Any) -> RowField:
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


def _feeds(cls: type) -> type | None:
    for base in getattr(cls, "__orig_bases__", ()):
        if isinstance(get_origin(base), type) and issubclass(get_origin(base), Row):
            argument = get_args(base)[0]
            return argument if isinstance(argument, type) and argument is not Any else None
    return None


def _allows_none(declared: Any) -> bool:
    if get_origin(declared) in (Union, UnionType):
        return NoneType in get_args(declared)
    return declared is Any or declared is None


def _check_defaults(cls: type) -> None:
    for name in inspect.get_annotations(cls):
        default = cls.__dict__.get(name)
        if isinstance(default, Wire):
            raise Mistake(
                here(),
                f"{cls.__name__}.{name} has a {type(default).__name__} as its default",
                why="a place in the reply stands with the type; behind `=` stands a value.",
                fix=f"write `{name}: Annotated[str, {type(default).__name__}({default.path!r})]`.",
            )
        if isinstance(default, list | dict | set):
            raise Mistake(
                here(),
                f"{cls.__name__}.{name} has a {type(default).__name__} as its default",
                why="all rows would share it.",
                fix=f"write `= field(default_factory={type(default).__name__})`, from dataclasses.",
            )


def _check(cls: type[Row[Any]]) -> None:
    shape, names = cls.shape, [f.name for f in cls.shape.fields]
    if shape.key is not None and shape.key not in names:
        raise Mistake(
            shape.where,
            f"{cls.__name__}: key={shape.key!r} is not one of its fields {names}",
            why="the key tells which row answers which key.",
            fix="name the field that identifies a row.",
        )
    if shape.on_demand and not hasattr(shape.feeds, "__strawberry_definition__"):
        raise Mistake(
            shape.where,
            f"{cls.__name__}: {sorted(shape.on_demand)} are OnDemand, but no graph type asks for them",
            why="an OnDemand field is asked for when a query selects the graph field of the same name.",
            fix=f"say which type it feeds, e.g. class {cls.__name__}(Row[Customer]).",
        )
    bare = sorted(f.name for f in shape.fields if f.on_demand and f.default is MISSING)
    if bare:
        raise Mistake(
            shape.where,
            f"{cls.__name__}: {bare} are OnDemand and have no default",
            why="when no query asks for them the row is made without them.",
            fix="give each a default, e.g. `= None`.",
        )
    for f in shape.fields:
        if f.null_is_default and f.default is MISSING:
            raise Mistake(
                shape.where,
                f'{cls.__name__}.{f.name}: null="default" without a default',
                why="a null would have nothing to become.",
                fix='give the field a default, or drop null="default".',
            )
