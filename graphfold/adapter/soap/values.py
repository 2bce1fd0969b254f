"""From the text of a reply to Python values, by simple XSD types. What is no value of its type is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from zeep.xsd.types import builtins
from zeep.xsd.types.any import AnyType
from zeep.xsd.types.collection import UnionType
from zeep.xsd.types.simple import AnySimpleType

from graphfold.rows.decoder import Unreadable

__all__ = ["kind_of", "value_reader"]

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"

# kind, form, converter, and whether there is no other form.
# zeep reads "maybe" as False and "1E5" as a decimal; it knows all forms of times, the usual one at a tenth the speed
_FORMS: list[tuple[Any, re.Pattern[str], Callable[[str], Any], bool]] = [
    (builtins.Boolean, re.compile("true|false|1|0"), lambda text: text in ("true", "1"), True),
    (builtins.Integer, re.compile("[+-]?[0-9]{1,1000}"), int, True),
    (builtins.Decimal, re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"), Decimal, True),
    (builtins.DateTime, re.compile(f"{_DATE}T{_TIME}"), datetime.fromisoformat, False),
    (builtins.Date, re.compile(_DATE), date.fromisoformat, False),
]


_KINDS: list[tuple[Any, type]] = [
    (builtins.String | builtins.AnyURI | builtins.QName, str),
    (builtins.Boolean, bool),
    (builtins.Integer, int),
    (builtins.Decimal, Decimal),
    (builtins.Date, date),
]


def kind_of(xsd_type: Any) -> type | None:
    """What its values are in Python, for the types that are common; str is text, blanks included."""
    if isinstance(xsd_type, UnionType):
        return kind_of(xsd_type.item_class()) if xsd_type.item_class else str
    if isinstance(xsd_type, AnySimpleType) and type(xsd_type).pythonvalue is AnyType.pythonvalue:
        return str
    return next((kind for known, kind in _KINDS if isinstance(xsd_type, known)), None)


def value_reader(xsd_type: Any) -> Callable[[str], Any]:
    """Text to value. Raises `Unreadable` where zeep would say None."""
    if kind_of(xsd_type) is str:
        return str
    convert = _converter(xsd_type)
    refusal = f"a value is no xsd:{getattr(xsd_type, 'name', None) or 'value'}"

    def read(text: str) -> Any:
        try:
            return convert(text.strip())
        except Exception:
            raise Unreadable(refusal) from None  # zeep's converters raise anything

    return read


def _converter(xsd_type: Any) -> Callable[[str], Any]:
    for kind, form, convert, only in _FORMS:
        if isinstance(xsd_type, kind):
            return _by_form(form, convert, _refuse if only else xsd_type.pythonvalue)
    converter: Callable[[str], Any] = xsd_type.pythonvalue
    return converter


def _by_form(
    form: re.Pattern[str], convert: Callable[[str], Any], otherwise: Callable[[str], Any]
) -> Callable[[str], Any]:
    return lambda text: convert(text) if form.fullmatch(text) else otherwise(text)


def _refuse(_: str) -> Any:
    raise ValueError
