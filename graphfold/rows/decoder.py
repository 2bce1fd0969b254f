"""Decode replies: the bytes become rows in one step.

msgspec checks and reads exactly the fields that are requested, and skips everything else, into structs made for this
row class and this selection (see `structs`). A reply that does not fit raises `Unreadable`, which names the place but
never the value, or `Malformed` where it is not even a message of its format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, get_args

import msgspec

from graphfold.mistakes import Mistake
from graphfold.rows.row import Row, RowClass
from graphfold.rows.shape import cached_by_class
from graphfold.rows.structs import StructFactory

__all__ = [
    "Decoder",
    "Malformed",
    "RequestedFields",
    "Unreadable",
    "check_decoder",
    "convert_plain",
    "decoder_for",
    "rows_with_on_demand_fields",
]

RequestedFields = Callable[[RowClass], frozenset[str]]
"""From a row class to those of its OnDemand fields that are requested."""

_MAX_EXPONENT = 308
"""The largest exponent of a number without a declared type, as that of a float: making an int of 1E+999999999 would
never end.
"""


class Unreadable(ValueError):
    """A reply is not what the row declares. The text names the place and the expected type, never a value."""


class Malformed(Unreadable):
    """A reply is no message of its format at all: half of one, an HTML page, nothing."""


class Decoder:
    """Reads one declared type: `json` from bytes, `plain` from dicts and lists.

    A fraction without a declared type (`Any`) becomes a Decimal, since a float would lose digits. An adapter that reads
    another format makes the value that `wire`, a msgspec type, describes. `depth` is the number of structs around the
    value, one for each step of the path to it.
    """

    __slots__ = ("_depth", "_json", "wire")

    def __init__(self, wire: Any, depth: int = 0) -> None:
        self.wire, self._depth = wire, depth
        self._json = msgspec.json.Decoder(wire, float_hook=_decimal)

    def json(self, body: bytes) -> Any:
        """Return the value in a JSON text. Raise `Unreadable` or `Malformed`."""
        try:
            return self._inner(self._json.decode(body))
        except msgspec.ValidationError as error:
            raise (Unreadable if _is_json(body) else Malformed)(_without_values(error)) from None
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(_without_values(error)) from None

    def plain(self, value: object) -> Any:
        """Return the value of plain data. Raise `Unreadable`."""
        return self._inner(convert_plain(value, self.wire))

    def _inner(self, read: Any) -> Any:
        for _ in range(self._depth):
            read = read.inner
        return read


def _decimal(number: str) -> Decimal:
    try:
        value = Decimal(number)
    except ArithmeticError:
        raise ValueError("Number out of range") from None
    if abs(value.adjusted()) > _MAX_EXPONENT:
        raise ValueError("Number out of range")
    return value


def convert_plain(value: object, wire: Any) -> Any:
    """Return dicts, lists and scalars as the msgspec type `wire`. Raise `Unreadable` where they do not fit."""
    try:
        return msgspec.convert(value, wire)
    except msgspec.MsgspecError as error:
        raise Unreadable(_without_values(error)) from None
    except RecursionError:
        raise Malformed("the reply is nested too deep") from None


def check_decoder(row: RowClass) -> None:
    """Raise the `Mistake` of a row class that no reply could be decoded into."""
    try:
        decoder_for(row, lambda row: row.shape.on_demand)
    except (TypeError, NotImplementedError) as error:
        if isinstance(error, Mistake):
            raise
        raise Mistake(
            row.shape.where,
            f"{row.__name__} cannot be read from a reply: {error}",
            why="a field is read as the type it is declared with.",
            fix="use plain types, lists, enums and rows, or a conversion in Wire.",
        ) from None


def decoder_for(into: object, requested: RequestedFields, path: str | None = None) -> Decoder:
    """Return the decoder of `into` (a row, `list[row]`, a plain type) at a dotted path of the reply."""
    selection = tuple((row, requested(row)) for row in rows_with_on_demand_fields(into))
    return _decoder(into, selection, path)


@cached_by_class
def rows_with_on_demand_fields(into: object) -> tuple[RowClass, ...]:
    """Return the row classes in a declared type that have OnDemand fields, those inside other rows too."""
    return tuple(dict.fromkeys(row for row in _rows(into) if row.shape.on_demand))


def _rows(into: object) -> Iterator[RowClass]:
    if isinstance(into, type) and not get_args(into) and issubclass(into, Row):
        yield into
        for f in into.shape.fields:
            yield from _rows(f.type)
    for part in get_args(into):
        yield from _rows(part)


@lru_cache(1024)  # bounded, since clients choose the selections
def _decoder(into: object, selection: tuple[tuple[RowClass, frozenset[str]], ...], path: str | None) -> Decoder:
    wire = StructFactory(dict(selection)).wire_type(into)
    steps = path.split(".") if path else []
    # A struct for each step, whose only field is the next one: msgspec skips everything beside the path.
    for step in reversed(steps):
        wire = msgspec.defstruct("At", [("inner", wire)], rename={"inner": step})
    return Decoder(wire, len(steps))


def _is_json(body: bytes) -> bool:
    """Return whether the whole body is JSON.

    The decoder stops at the first value that does not fit, which may be that of half a message.
    """
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _without_values(error: Exception) -> str:
    """Return msgspec's message; where it quotes a value, only the place."""
    text = str(error)
    if text.startswith(("Invalid enum value", "Invalid value")):
        place = text.rpartition(" - at ")[2]
        return f"Invalid value at {place}"
    return text
