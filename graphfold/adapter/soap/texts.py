"""From arguments to the text of a request, by simple XSD types, losslessly or not at all.

zeep writes the `str()` of nearly everything: True for an integer, a list for a string, a date without its time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from zeep.xsd.types import builtins
from zeep.xsd.types.collection import ListType

from graphfold.adapter.soap.values import kind_of, value_reader
from graphfold.errors import InvalidInput
from graphfold.rows.decoder import Unreadable

__all__ = ["Misfit", "escaped", "is_plain", "quoted", "text_writer"]

_MARKUP = re.compile("[&<>]")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Misfit(TypeError):
    """An argument is not what the WSDL says. The text names places and types, never a value."""


def is_plain(text: str) -> bool:
    """Whether it stands in an element as it is."""
    return text.isprintable() and not _MARKUP.search(text)


def escaped(text: str) -> str:
    """As content of an element. `InvalidInput` for characters that XML cannot carry."""
    if text.isalnum():
        return text
    if not text.isprintable() and _ILLEGAL.search(text):
        raise InvalidInput("A text contains characters that cannot be sent.", internal="no XML characters")
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def quoted(text: str) -> str:
    """As value of an attribute, with its quotation marks."""
    safe = escaped(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f'"{safe}"'


def text_writer(xsd_type: Any) -> Callable[[Any], str]:
    """Value to text, not escaped yet; `Misfit` for what is no value of the type.

    A str is taken for the text itself if it reads as a value; an enum stands for its value.
    """
    check = None if kind_of(xsd_type) is str else _checker(xsd_type)
    write = _writer(xsd_type)

    def text(value: Any) -> str:
        if type(value) is not str:
            value = value.value if isinstance(value, Enum) else value
            if not isinstance(value, str):
                return write(value)
        return check(value) if check else value

    return text


def _writer(xsd_type: Any) -> Callable[[Any], str]:
    if isinstance(xsd_type, ListType):
        return _listed(text_writer(xsd_type.item_type))
    return next((write for kind, write in _WRITERS if isinstance(xsd_type, kind)), None) or _by_zeep(xsd_type)


def _listed(write: Callable[[Any], str]) -> Callable[[Any], str]:
    def write_listed(value: Any) -> str:
        if not isinstance(value, list | tuple):
            raise _misfit(value, "list")
        return " ".join([write(each) for each in value])

    return write_listed


def _checker(xsd_type: Any) -> Callable[[str], str]:
    read = value_reader(xsd_type)

    def check(text: str) -> str:
        try:
            read(text)
        except Unreadable as error:
            raise Misfit(str(error)) from None
        return text

    return check


def _by_zeep(xsd_type: Any) -> Callable[[Any], str]:
    """Durations, binary, years and so on."""

    def write(value: Any) -> str:
        if isinstance(value, list | dict):
            raise _misfit(value, "a single value")
        try:
            text = xsd_type.xmlvalue(value)
            return text.decode("ascii") if isinstance(text, bytes) else str(text)
        except Exception:
            raise _misfit(value, f"xsd:{xsd_type.name}") from None  # zeep's converters raise anything

    return write


def _string(value: Any) -> str:
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    raise _misfit(value, "str")


def _boolean(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    raise _misfit(value, "bool")


def _integer(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _misfit(value, "int")


def _decimal(value: Any) -> str:
    """Without an exponent: xsd:decimal has none."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    return _integer(value)


def _double(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _misfit(value, "float")
    if math.isfinite(value):
        return str(value)
    return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")


def _float(value: Any) -> str:
    return _double(value).replace("e", "E")


def _date_time(value: Any) -> str:
    if isinstance(value, datetime):
        return _zulu(value)
    raise _misfit(value, "datetime")


def _date(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise _misfit(value, "date")


def _time(value: Any) -> str:
    if isinstance(value, time):
        return _zulu(value)
    raise _misfit(value, "time")


def _zulu(value: datetime | time) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _misfit(value: Any, wanted: str) -> Misfit:
    return Misfit(f"{type(value).__name__} given, {wanted} wanted")


_WRITERS: list[tuple[Any, Callable[[Any], str]]] = [
    (builtins.String | builtins.AnyURI | builtins.QName, _string),
    (builtins.Boolean, _boolean),
    (builtins.Integer, _integer),
    (builtins.Decimal, _decimal),
    (builtins.Float, _float),
    (builtins.Double, _double),
    (builtins.DateTime, _date_time),
    (builtins.Date, _date),
    (builtins.Time, _time),
]
