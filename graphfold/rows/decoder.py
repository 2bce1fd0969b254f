"""Decoders made from row classes: the bytes of a reply become rows in one step.

msgspec checks and reads exactly the fields that are wanted (everything else is skipped) into structs made for this row
and this selection. What does not fit raises `Unreadable`, which names the place but not the value, or
`Malformed`, where it is no message at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args

import msgspec

from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, per_row
from graphfold.rows.structs import Structs

__all__ = ["Asked", "Decoder", "Malformed", "Unreadable", "check_decoder", "checked", "decoder", "sparse_rows"]

Asked = Callable[[type[Row[Any]]], frozenset[str]]
"""Which OnDemand fields of a row class are asked for."""

_EXPONENT = 308
"""Of a number that nobody declared, at most: as of a float. Who made an int of 1E+999999999 would never come back."""


class Unreadable(ValueError):
    """A reply is not what the row says. The text names the place and what was expected, never a value."""


class Malformed(Unreadable):
    """It is no message of its format at all: half of one, a page, nothing."""


class Decoder:
    """Reads one declared type: `json` from bytes, `plain` from dicts and lists.

    A fraction that no type is declared for (`Any`) is a Decimal: as a float it would lose digits. Whoever reads another
    format makes the value that `wire`, a msgspec type, describes.
    """

    __slots__ = ("_depth", "_json", "wire")

    def __init__(self, wire: Any, depth: int = 0) -> None:
        self.wire, self._depth = wire, depth
        self._json = msgspec.json.Decoder(wire, float_hook=_exact)

    def json(self, body: bytes) -> Any:
        try:
            return self._inner(self._json.decode(body))
        except msgspec.ValidationError as error:
            raise (Unreadable if _is_json(body) else Malformed)(_without_values(error)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(_without_values(error)) from None

    def plain(self, value: Any) -> Any:
        return self._inner(checked(value, self.wire))

    def _inner(self, read: Any) -> Any:
        for _ in range(self._depth):
            read = read.inner
        return read


def _exact(number: str) -> Decimal:
    try:
        value = Decimal(number)
    except ArithmeticError:
        raise ValueError("Number out of range") from None
    if abs(value.adjusted()) > _EXPONENT:
        raise ValueError("Number out of range")
    return value


def checked(value: Any, wire: Any) -> Any:
    """Plain data as the msgspec type `wire`, or `Unreadable`."""
    try:
        return msgspec.convert(value, wire)
    except msgspec.MsgspecError as error:
        raise Unreadable(_without_values(error)) from None
    except RecursionError:
        raise Malformed("the reply is nested too deep") from None


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
    wire = Structs(dict(selection)).of(into)
    steps = at.split(".") if at else []
    for step in reversed(steps):
        wire = msgspec.defstruct("At", [("inner", wire)], rename={"inner": step})
    return Decoder(wire, len(steps))


def _as_row(declared: Any) -> type[Row[Any]] | None:
    return declared if isinstance(declared, type) and not get_args(declared) and issubclass(declared, Row) else None


def _is_json(body: bytes) -> bool:
    """Whether the rest of it is: the decoder stops where the first thing does not fit, and that may be a fragment."""
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _without_values(error: Exception) -> str:
    """msgspec's text, but where it quotes what was sent only the kind of trouble is kept."""
    text = str(error)
    if text.startswith(("Invalid enum value", "Invalid value")):
        place = text.rpartition(" - at ")[2]
        return f"Invalid value at {place}"
    return text
