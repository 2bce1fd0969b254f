"""Decoders made from row classes: the bytes of a reply become rows in two steps, neither of them interpreted.

msgspec checks and reads exactly the fields that are wanted (everything else is skipped), into structs made for this
row and this selection; a generated function then turns each struct into a row. Paths, nulls, absences and conversions
follow the row's declaration. What does not fit raises `Unreadable`, which names the place but not the value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import MISSING
from datetime import datetime
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, RowField, per_row

__all__ = ["Asked", "Decoder", "Unreadable", "check_decoder", "decoder", "sparse_rows"]

Asked = Callable[[type[Row[Any]]], frozenset[str]]
"""Which OnDemand fields of a row class are asked for."""


_Make = Callable[[Any], Any]


class Unreadable(ValueError):
    """A reply is not what the row says. The text names the place and what was expected, never a value."""


class Decoder:
    """Reads one declared type: `json` from bytes, `plain` from dicts and lists (as SOAP replies are)."""

    __slots__ = ("_json", "_make", "_wire")

    def __init__(self, wire: Any, make: Callable[[Any], Any] | None) -> None:
        self._wire, self._make = wire, make
        self._json = msgspec.json.Decoder(wire)

    def json(self, body: bytes) -> Any:
        try:
            read = self._json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(_without_values(error)) from None
        return read if self._make is None else self._make(read)

    def plain(self, value: Any) -> Any:
        try:
            read = msgspec.convert(value, self._wire)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise Unreadable(_without_values(error)) from None
        return read if self._make is None else self._make(read)


def check_decoder(row: type[Row[Any]]) -> None:
    """Raises the `Mistake` of a row that no reply could be read into."""
    try:
        decoder(row, lambda row: row.shape.on_demand)
    except (TypeError, NotImplementedError) as error:
        if isinstance(error, Mistake):
            raise
        raise Mistake(
            row.shape.where,
            f"{row.__name__} cannot be read from a reply: {error}",
            why="a field is read as the type it is declared with.",
            fix="use plain types, lists, enums and rows, or a conversion in Wire.",
        ) from None


def decoder(into: Any, asked: Asked, at: str | None = None) -> Decoder:
    """The decoder of `into` (a row, `list[row]`, a plain type) found at the dotted path `at` of the reply."""
    selection = tuple((row, asked(row)) for row in sparse_rows(into))
    return _decoder(into, selection, at)


@per_row
def sparse_rows(into: Any) -> tuple[type[Row[Any]], ...]:
    """The row classes in a declared type that have OnDemand fields, those inside other rows too."""
    return tuple(dict.fromkeys(row for row in _rows(into) if row.shape.on_demand))


def _rows(into: Any) -> Iterator[type[Row[Any]]]:
    if (row := _as_row(into)) is not None:
        yield row
        for f in row.shape.fields:
            yield from _rows(f.type)
    for part in get_args(into):
        yield from _rows(part)


@lru_cache(1024)  # clients choose the selections, and there are many
def _decoder(into: Any, selection: tuple[tuple[type[Row[Any]], frozenset[str]], ...], at: str | None) -> Decoder:
    wire, make = _Compiler(dict(selection)).of(into)
    for step in reversed(at.split(".") if at else ()):
        wire = msgspec.defstruct("At", [("inner", wire)], rename={"inner": step})
        make = _stepping(make)
    return Decoder(wire, make)


def _stepping(make: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return (lambda outer: outer.inner) if make is None else (lambda outer: make(outer.inner))


class _Compiler:
    """Makes wire structs and row builders for one selection; each row class once."""

    def __init__(self, selection: dict[type[Row[Any]], frozenset[str]]) -> None:
        self.selection = selection
        self.made: dict[type[Row[Any]], tuple[Any, Callable[[Any], Any]]] = {}

    def of(self, declared: Any) -> tuple[Any, Callable[[Any], Any] | None]:
        """The type msgspec reads, and what makes our value of it (None where it is that value already)."""
        origin, arguments = get_origin(declared), get_args(declared)
        if origin in (Union, UnionType) and NoneType in arguments:
            wire, make = self.of(_without_none(arguments))
            return wire | None, _or_none(make)
        if origin is list:
            wire, make = self.of(arguments[0])
            return list.__class_getitem__(wire), _for_each(make)
        if (row := _as_row(declared)) is not None:
            return self.row(row)
        if declared is datetime:
            return Annotated[datetime, msgspec.Meta(tz=True)], None
        return declared, None

    def row(self, row: type[Row[Any]]) -> tuple[Any, Callable[[Any], Any]]:
        if row not in self.made:
            asked = self.selection.get(row, frozenset())
            wanted = [f for f in row.shape.fields if not f.on_demand or f.name in asked]
            self.made[row] = _RowBuilder(self, row, wanted).build()
        return self.made[row]


class _RowBuilder:
    """Writes the function that makes a row of its wire struct: one line per field, no loop, no lookup."""

    def __init__(self, compiler: _Compiler, row: type[Row[Any]], wanted: list[RowField]) -> None:
        self.compiler, self.row, self.wanted = compiler, row, wanted
        self.scope: dict[str, Any] = {"new": row.__new__, "row": row, "UNSET": UNSET}
        self.lines: list[str] = []
        self.items: list[str] = []

    def build(self) -> tuple[Any, Callable[[Any], Any]]:
        struct = self.struct(self.row.__name__, [(f.path, f) for f in self.wanted], "wire")
        for i, f in enumerate(f for f in self.row.shape.fields if f not in self.wanted):
            self.scope[f"left_out{i}"] = f.default_value()
            self.items.append(f"{f.name!r}: left_out{i}")
        body = "\n ".join([*self.lines, "made = new(row)", f"made.__dict__ = {{{', '.join(self.items)}}}"])
        exec(f"def make(wire):\n {body}\n return made", self.scope)
        make: Callable[[Any], Any] = self.scope["make"]
        return struct, make

    def struct(self, name: str, leaves: list[tuple[tuple[str, ...], RowField]], holder: str) -> Any:
        """The struct of one object on the wire; its fields are read into local variables as they are added."""
        fields: list[tuple[str, Any, Any]] = []
        rename: dict[str, str] = {}
        for i, (step, below) in enumerate(_by_first_step(leaves).items()):
            attribute, local = f"f{i}", f"{holder}_{i}"
            rename[attribute] = step
            self.lines.append(self.reading(holder, attribute, local))
            here = [f for path, f in below if len(path) == 1]
            deeper = [(path[1:], f) for path, f in below if len(path) > 1]
            if (here and deeper) or len({(repr(f.type), f.convert) for f in here}) > 1:
                raise self.mistake(step, [f.name for _, f in below])
            wire = self.leaf(here, local) if here else self.struct(f"{name}_{step}", deeper, local)
            fields.append((attribute, *_presence(wire, [f for _, f in below], nested=not here)))
        return msgspec.defstruct(name, fields, rename=rename, kw_only=True)

    def reading(self, holder: str, attribute: str, local: str) -> str:
        if holder == "wire":
            return f"{local} = wire.{attribute}"
        return f"{local} = {holder} if {holder} is None or {holder} is UNSET else {holder}.{attribute}"

    def leaf(self, here: list[RowField], local: str) -> Any:
        first = here[0]
        inner = _without_none(get_args(first.type)) if first.nullable and get_args(first.type) else first.type
        wire, make = (first.convert.wire, None) if first.convert else self.compiler.of(inner)
        for f in here:
            self.items.append(f"{f.name!r}: {self.value(f, local, make)}")
        return wire | None if first.nullable and first.type is not Any else wire

    def value(self, f: RowField, local: str, make: Callable[[Any], Any] | None) -> str:
        text, suffix = local, f"{local}_{f.name}"
        step = _safe(f.convert.convert, f) if f.convert else make
        if step is not None:
            self.scope[f"step{suffix}"] = step
            text = f"step{suffix}({local})"
            if f.nullable or f.null_is_default:
                text = f"(None if {local} is None else {text})"
        missing = [f"{local} is UNSET"] if f.may_be_absent else []
        missing += [f"{local} is None"] if f.null_is_default else []
        if not missing:
            return text
        self.scope[f"default{suffix}"] = f.default_value() if f.default is not MISSING else None
        return f"default{suffix} if {' or '.join(missing)} else {text}"

    def mistake(self, step: str, names: list[str]) -> Mistake:
        return Mistake(
            self.row.shape.where,
            f"{self.row.__name__}: {names} read {step!r} in different ways",
            why="one place in a reply has one type.",
            fix="read it as one field (a nested Row where it is an object) and derive the other in domain().",
        )


def _as_row(declared: Any) -> type[Row[Any]] | None:
    return declared if isinstance(declared, type) and not get_args(declared) and issubclass(declared, Row) else None


def _or_none(make: _Make | None) -> _Make | None:
    return None if make is None else lambda value: None if value is None else make(value)


def _for_each(make: _Make | None) -> _Make | None:
    return None if make is None else lambda values: [make(value) for value in values]


def _by_first_step(leaves: list[tuple[tuple[str, ...], RowField]]) -> dict[str, list[tuple[tuple[str, ...], RowField]]]:
    grouped: dict[str, list[tuple[tuple[str, ...], RowField]]] = {}
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


def _without_none(arguments: tuple[Any, ...]) -> Any:
    kept = [argument for argument in arguments if argument is not NoneType]
    return Union[tuple(kept)]  # noqa: UP007  # made at run time


def _safe(convert: Callable[[Any], Any], f: RowField) -> Callable[[Any], Any]:
    def converted(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, KeyError, TypeError, ArithmeticError, OverflowError):
            kind = f.convert.name if f.convert else "its conversion"
            raise Unreadable(f"a value at `{'.'.join(f.path)}` does not fit: {kind}") from None

    return converted


def _without_values(error: Exception) -> str:
    """msgspec's text, but where it quotes what was sent only the kind of trouble is kept."""
    text = str(error)
    if text.startswith(("Invalid enum value", "Invalid value")):
        place = text.rpartition(" - at ")[2]
        return f"Invalid value at {place}"
    return text
