"""Format Python values as the text of a request, by simple XSD types, without loss or not at all.

zeep writes the `str()` of nearly everything: True for an integer, a list for a string, a date without its time. Here a
value that is not one of its type raises `InvalidArgument`.
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

from graphfold.adapter.soap.xsd_to_python import python_type, value_parser
from graphfold.adapter.soap.xsd_types import XsdType
from graphfold.errors import InvalidInput
from graphfold.rows.decoder import Unreadable

__all__ = ["InvalidArgument", "escape_text", "needs_no_escaping", "quote_attribute", "value_formatter"]

FormatValue = Callable[[Any], str]
"""Takes a value of any type, since authors pass it, and returns its text."""

_MARKUP = re.compile("[&<>]")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, escaped or not (section 2.2)."""


class InvalidArgument(TypeError):
    """An argument does not fit the WSDL. The message names places and types, never a value, which may be secret."""


def needs_no_escaping(text: str) -> bool:
    """Return whether the text can be the content of an element as it is."""
    return text.isprintable() and not _MARKUP.search(text)


def escape_text(text: str) -> str:
    """Return the text as the content of an element. Raise `InvalidInput` for characters that XML cannot carry."""
    if text.isalnum():
        return text
    if not text.isprintable() and _ILLEGAL.search(text):
        raise InvalidInput("A text contains characters that cannot be sent.", internal="no XML characters")
    # a parser turns a literal carriage return into a line feed
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def quote_attribute(text: str) -> str:
    """Return the text as the value of an attribute, with its quotation marks."""
    # a parser turns literal tabs and line feeds in attributes into blanks
    escaped = escape_text(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")
    return f'"{escaped}"'


def value_formatter(xsd_type: XsdType) -> FormatValue:
    """Return the formatter of a type's values; its text is not escaped. It raises `InvalidArgument`.

    A str is taken as the text itself if it can be parsed as a value of the type; an enum member stands for its value.
    """
    check = None if python_type(xsd_type) is str else _text_check(xsd_type)
    if isinstance(xsd_type, ListType):
        format_value = _list_formatter(value_formatter(xsd_type.item_type))
    else:
        formatters = (formatter for zeep_type, formatter in _FORMATTERS if isinstance(xsd_type, zeep_type))
        format_value = next(formatters, None) or _zeep_formatter(xsd_type)

    def format_text(value: Any) -> str:
        if type(value) is not str:
            value = value.value if isinstance(value, Enum) else value
            if not isinstance(value, str):
                return format_value(value)
        return check(value) if check else value

    return format_text


def _list_formatter(format_item: FormatValue) -> FormatValue:
    def format_list(value: Any) -> str:
        if not isinstance(value, list | tuple):
            raise _invalid(value, "list")
        return " ".join([format_item(item) for item in value])

    return format_list


def _text_check(xsd_type: XsdType) -> Callable[[str], str]:
    """Return a function that returns a text that is a value of the type, and refuses others."""
    parse = value_parser(xsd_type)

    def check(text: str) -> str:
        try:
            parse(text)
        except Unreadable as error:
            raise InvalidArgument(str(error)) from None
        return text

    return check


def _zeep_formatter(xsd_type: XsdType) -> FormatValue:
    """Return a formatter for the types that are not in `_FORMATTERS`: durations, binary data, years."""

    def format_value(value: Any) -> str:
        if isinstance(value, list | dict):
            raise _invalid(value, "a single value")
        try:
            text = xsd_type.xmlvalue(value)
            return text.decode("ascii") if isinstance(text, bytes) else str(text)
        except Exception:
            raise _invalid(value, f"xsd:{xsd_type.name}") from None  # zeep's converters raise anything

    return format_value


def _format_string(value: Any) -> str:
    if isinstance(value, Decimal):
        return _format_decimal(value)
    if isinstance(value, int | UUID) and not isinstance(value, bool):
        return str(value)
    raise _invalid(value, "str")


def _format_boolean(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    raise _invalid(value, "bool")


def _format_integer(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise _invalid(value, "int")


def _format_decimal(value: Any) -> str:
    """Format a number without an exponent, which xsd:decimal does not have."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite():
        return f"{value:f}"
    return _format_integer(value)


def _format_double(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _invalid(value, "float")
    if math.isfinite(value):
        return str(value)
    return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")


def _format_float(value: Any) -> str:
    return _format_double(value).replace("e", "E")


def _format_date_time(value: Any) -> str:
    if isinstance(value, datetime):
        return _iso_format(value)
    raise _invalid(value, "datetime")


def _format_date(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):  # a datetime would lose its time
        return value.isoformat()
    raise _invalid(value, "date")


def _format_time(value: Any) -> str:
    if isinstance(value, time):
        return _iso_format(value)
    raise _invalid(value, "time")


def _iso_format(value: datetime | time) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _invalid(value: object, expected: str) -> InvalidArgument:
    return InvalidArgument(f"{type(value).__name__} given, {expected} wanted")


_FORMATTERS: list[tuple[Any, FormatValue]] = [
    (builtins.String | builtins.AnyURI | builtins.QName, _format_string),
    (builtins.Boolean, _format_boolean),
    (builtins.Integer, _format_integer),
    (builtins.Decimal, _format_decimal),
    (builtins.Float, _format_float),
    (builtins.Double, _format_double),
    (builtins.DateTime, _format_date_time),
    (builtins.Date, _format_date),
    (builtins.Time, _format_time),
]
