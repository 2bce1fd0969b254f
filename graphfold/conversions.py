"""Conversions of wire values that backends need again and again. A public room. Each is lossless or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from graphfold.rows.wire import Conversion
from graphfold.scalars import serialize_decimal

__all__ = ["EPOCH_MILLIS", "EPOCH_SECONDS", "YES_NO", "Conversion", "codes", "minor_units"]

T = TypeVar("T")

_one_of: Any = Literal  # of words that are known at run time
_LONGEST = 20  # digits of an amount that is written without a Decimal
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROUNDED_RIGHT = 2**32 * 1000  # up to here a float of seconds is off by less than half a microsecond
_FAR = int(datetime(2900, 1, 1, tzinfo=UTC).timestamp())  # up to here every system's C library knows its calendar


def _since_epoch(per_second: int) -> Any:
    """Whole numbers that are a time in the years 1 to 9999, checked as they are read."""
    first, last = (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH for year in (1, 9999))
    low, high = (int(span.total_seconds()) * per_second for span in (first, last))
    return Annotated[int, msgspec.Meta(ge=low, le=high)]


def _of_seconds(value: int) -> datetime:
    if 0 <= value < _FAR:
        return datetime.fromtimestamp(value, UTC)
    return _EPOCH + timedelta(seconds=value)


def _of_millis(value: int) -> datetime:
    if 0 <= value < _ROUNDED_RIGHT:
        return datetime.fromtimestamp(value / 1000, UTC)
    return _EPOCH + timedelta(milliseconds=value)


EPOCH_MILLIS: Conversion[int, datetime] = Conversion(
    "milliseconds since 1970 to a UTC time", _since_epoch(1000), _of_millis
)
EPOCH_SECONDS: Conversion[int, datetime] = Conversion("seconds since 1970 to a UTC time", _since_epoch(1), _of_seconds)
YES_NO: Conversion[str, bool] = Conversion.of_table(
    '"Y" / "N" to a boolean', Literal["Y", "N"], {"Y": True, "N": False}
)


def minor_units(digits: int = 2) -> Conversion[int, Decimal]:
    """Whole cents (or what a currency has instead) to an exact amount: 1230 is 12.30 with two digits."""

    def amount(value: int) -> str:
        text = str(value)
        if len(text) > _LONGEST:
            raise ValueError
        if value < 0 or len(text) <= digits:
            text = f"{'-' if value < 0 else ''}{str(abs(value)).zfill(digits + 1)}"
        return f"{text[:-digits]}.{text[-digits:]}"

    return Conversion(
        f"minor units to an amount with {digits} decimals",
        int,
        lambda value: Decimal(f"{value}E-{digits}"),
        serializers={serialize_decimal: amount} if 0 < digits < _LONGEST else {},
    )


def codes(table: Mapping[str, T], *, otherwise: T | None = None) -> Conversion[str, T]:
    """A backend's code words to our values, e.g. an enum. An unknown code is an error unless `otherwise` is given."""
    known = dict(table)
    name = "codes " + ", ".join(f"{code} = {getattr(value, 'name', value)}" for code, value in known.items())
    if otherwise is None:
        return Conversion.of_table(name, _one_of[tuple(known)] if known else str, known)
    return Conversion(
        f"{name}, others = {getattr(otherwise, 'name', otherwise)}", str, lambda code: known.get(code, otherwise)
    )
