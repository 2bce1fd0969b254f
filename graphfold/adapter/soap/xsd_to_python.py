"""Parse the text of a reply into Python values, by simple XSD types. Text that is no value of its type is refused.

zeep's converters are too lenient ("maybe" is a false boolean, "1E5" a decimal), and slow for times. So the common types
are checked against a pattern here; zeep converts only what no pattern covers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from zeep.xsd.types import builtins
from zeep.xsd.types.any import AnyType
from zeep.xsd.types.collection import UnionType
from zeep.xsd.types.simple import AnySimpleType

from graphfold.adapter.soap.xsd_types import XsdType
from graphfold.rows.decoder import Unreadable

__all__ = ["ParseValue", "python_type", "value_parser"]

ParseValue = Callable[[str], Any]
"""Takes the text of a value and returns an int, a Decimal, a date, ..."""

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"


class _LexicalForm(NamedTuple):
    """The usual form of a type's values. `only`: all other text is refused, else zeep converts it."""

    zeep_type: Any
    pattern: re.Pattern[str]
    convert: ParseValue
    only: bool


_LEXICAL_FORMS = [
    _LexicalForm(builtins.Boolean, re.compile("true|false|1|0"), lambda text: text in ("true", "1"), only=True),
    # a limit, since the conversion takes time quadratic in the number of digits
    _LexicalForm(builtins.Integer, re.compile("[+-]?[0-9]{1,1000}"), int, only=True),
    _LexicalForm(builtins.Decimal, re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"), Decimal, only=True),
    _LexicalForm(builtins.DateTime, re.compile(f"{_DATE}T{_TIME}"), datetime.fromisoformat, only=False),
    _LexicalForm(builtins.Date, re.compile(_DATE), date.fromisoformat, only=False),
]

_PYTHON_TYPES: list[tuple[Any, type]] = [
    (builtins.String | builtins.AnyURI | builtins.QName, str),
    (builtins.Boolean, bool),
    (builtins.Integer, int),
    (builtins.Decimal, Decimal),
    (builtins.Date, date),
]


def python_type(xsd_type: XsdType) -> type | None:
    """Return the Python type of the values of a simple type, if it is a common one. str keeps surrounding blanks."""
    if isinstance(xsd_type, UnionType):
        return python_type(xsd_type.item_class()) if xsd_type.item_class else str
    if isinstance(xsd_type, AnySimpleType) and type(xsd_type).pythonvalue is AnyType.pythonvalue:
        return str  # no converter of its own: zeep returns the text
    return next((kind for zeep_type, kind in _PYTHON_TYPES if isinstance(xsd_type, zeep_type)), None)


def value_parser(xsd_type: XsdType) -> ParseValue:
    """Return the parser of a type's values. It raises `Unreadable` where zeep would return None."""
    if python_type(xsd_type) is str:
        return str
    convert = _converter(xsd_type)
    refusal = f"a value is no xsd:{getattr(xsd_type, 'name', None) or 'value'}"

    def parse(text: str) -> Any:
        try:
            return convert(text.strip())
        except Exception:
            raise Unreadable(refusal) from None  # zeep's converters raise anything

    return parse


def _converter(xsd_type: XsdType) -> ParseValue:
    zeep_converter: ParseValue = xsd_type.pythonvalue
    form = next((form for form in _LEXICAL_FORMS if isinstance(xsd_type, form.zeep_type)), None)
    if form is None:
        return zeep_converter
    matches, convert, otherwise = form.pattern.fullmatch, form.convert, _refuse if form.only else zeep_converter
    return lambda text: convert(text) if matches(text) else otherwise(text)


def _refuse(_: str) -> Any:
    raise ValueError
