"""The graph's scalars: exact on the wire, strict on the way in.

Annotate fields with `decimal.Decimal`, `datetime.datetime`, `datetime.date` and `Currency`; `SCALARS` is the map that a
schema needs. A client's value that cannot be parsed is BAD_INPUT; a resolver's that cannot be serialized is INTERNAL.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType

import msgspec
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from graphfold.errors import Internal, InvalidInput

__all__ = ["SCALARS", "Currency"]

Currency = NewType("Currency", str)
"""An ISO 4217 code: three capital letters, "EUR"."""

LONGEST_DECIMAL = 60
"""Most characters of a Decimal, sign and point included."""

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)
_CURRENCY = re.compile(r"[A-Z]{3}")

_to_json = msgspec.json.Encoder().encode  # writes RFC 3339, and is several times faster than isoformat()


def serialize_decimal(value: object) -> str:
    """Return "12.30" for Decimal("12.30"): the scale is kept, and there is never an exponent."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite():
        raise _not_serializable("Decimal", value)
    text = str(value)
    # `str` writes an exponent for very small and for scaled numbers. Those of a sane size are written out; the size is
    # checked first, since 1E+999999999 would be a text of a gigabyte.
    if "E" in text and abs(value.adjusted()) < LONGEST_DECIMAL:
        text = format(value, "f")
    if len(text) > LONGEST_DECIMAL or "E" in text:
        raise _not_serializable("Decimal", value)
    return text


def parse_decimal(value: object) -> Decimal:
    """Return the Decimal of a string or a whole number. A float is refused: it may have lost digits already."""
    if isinstance(value, float):
        raise _bad_input(f'Decimal: send it as a string, "12.30"; the number {value!r} may have lost digits.')
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10 ** (LONGEST_DECIMAL - 1):
        return Decimal(value)
    if isinstance(value, str) and len(value) <= LONGEST_DECIMAL and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise _wrong_string("Decimal", value, f'like "12.30", of at most {LONGEST_DECIMAL} characters and without exponent')


def serialize_date_time(value: object) -> str:
    """Return "2026-03-01T11:30:00Z", with microseconds only where there are any."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise _not_serializable("DateTime", value)
    try:
        return _to_json(value.astimezone(UTC))[1:-1].decode()
    except OverflowError:
        raise _not_serializable("DateTime", value) from None


def parse_date_time(value: object) -> datetime:
    """Return the instant, in UTC, of an RFC 3339 date and time with any offset."""
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            # RFC 3339 allows t and z in lower case, `fromisoformat` only Z.
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _wrong_string(
        "DateTime", value, 'of RFC 3339 with Z or an offset, to the microsecond: "2026-03-01T11:30:00Z"'
    )


def serialize_date(value: object) -> str:
    """Return "2026-03-01". A datetime is refused: its day depends on the time zone."""
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _not_serializable("Date", value)
    return value.isoformat()


def parse_date(value: object) -> date:
    """Return the day of a YYYY-MM-DD string."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _wrong_string("Date", value, 'that is a day of the calendar: "2026-03-01"')


def serialize_currency(value: object) -> str:
    if isinstance(value, str) and _CURRENCY.fullmatch(value):
        return value
    raise _not_serializable("Currency", value)


def parse_currency(value: object) -> Currency:
    if isinstance(value, str) and _CURRENCY.fullmatch(value):
        return Currency(value)
    raise _wrong_string("Currency", value, 'of three capital letters (ISO 4217): "EUR"')


def _wrong_string(scalar: str, value: object, wanted: str) -> GraphQLError:
    shown = f'"{value[:80]}"' if isinstance(value, str) else f"a value of type {type(value).__name__}"
    return _bad_input(f"{scalar}: wants a string {wanted}; got {shown}.")


def _bad_input(message: str) -> GraphQLError:
    """Return a GraphQLError: graphql-core puts the variable's name and the path in its value before such a message."""
    return GraphQLError(message, extensions=InvalidInput(message).extensions)


def _not_serializable(scalar: str, value: object) -> Internal:
    """Return the error of a resolver's value. The value goes only into the log, since it may be anything."""
    return Internal(f"This value is no {scalar}.", internal=f"{scalar} from {type(value).__name__}: {value!r:.200}")


SCALARS: dict[object, ScalarDefinition] = {
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            'An exact decimal number as a string: "12.30". Its scale is kept, and it never has an exponent. '
            "A whole number is taken too."
        ),
        serialize=serialize_decimal,
        parse_value=parse_decimal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description=(
            'A point in time: RFC 3339, in UTC ("2026-03-01T11:30:00Z"), with a fraction where it has one. '
            "Any offset is taken; a time without one is refused."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=serialize_date_time,
        parse_value=parse_date_time,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A day of the calendar: "2026-03-01".',
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=serialize_date,
        parse_value=parse_date,
    ),
    Currency: strawberry.scalar(
        name="Currency",
        description='The code of a currency (ISO 4217): three capital letters, "EUR".',
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=serialize_currency,
        parse_value=parse_currency,
    ),
}
"""Python type -> scalar, for `StrawberryConfig(scalar_map=SCALARS)`."""
