"""Convert wire values that many backends have: times, flags, amounts, codes. A public room. None of them is lossy."""

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

_literal: Any = Literal  # under another name, since type checkers refuse words that are known only at run time
_MAX_DIGITS = 20  # of an amount that is serialized without a Decimal
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# `fromtimestamp` is several times faster than adding a timedelta, but takes a float: up to here a float of seconds is
# off by less than half a microsecond, so the milliseconds come out exactly.
_EXACT_MILLIS = 2**32 * 1000
# Up to here the C library of every system that we know computes the calendar correctly.
_EXACT_SECONDS = int(datetime(2900, 1, 1, tzinfo=UTC).timestamp())


def _since_epoch(per_second: int) -> Any:
    """Return the msgspec type of whole numbers that are a time in the years 1 to 9999, checked as they are decoded."""
    first, last = (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH for year in (1, 9999))
    low, high = (int(span.total_seconds()) * per_second for span in (first, last))
    return Annotated[int, msgspec.Meta(ge=low, le=high)]


def _from_seconds(value: int) -> datetime:
    if 0 <= value < _EXACT_SECONDS:
        return datetime.fromtimestamp(value, UTC)
    return _EPOCH + timedelta(seconds=value)


def _from_millis(value: int) -> datetime:
    if 0 <= value < _EXACT_MILLIS:
        return datetime.fromtimestamp(value / 1000, UTC)
    return _EPOCH + timedelta(milliseconds=value)


EPOCH_MILLIS: Conversion[int, datetime] = Conversion(
    "milliseconds since 1970 to a UTC time", _since_epoch(1000), _from_millis
)
EPOCH_SECONDS: Conversion[int, datetime] = Conversion(
    "seconds since 1970 to a UTC time", _since_epoch(1), _from_seconds
)
YES_NO: Conversion[str, bool] = Conversion.of_table(
    '"Y" / "N" to a boolean', Literal["Y", "N"], {"Y": True, "N": False}
)


def minor_units(digits: int = 2) -> Conversion[int, Decimal]:
    """Convert whole cents (or a currency's minor unit) to an exact amount: 1230 is 12.30 with two digits."""

    def serialized(value: int) -> str:
        """Return the text of the amount without making a Decimal. Longer ones raise, and take the two steps."""
        text = str(value)
        if len(text) > _MAX_DIGITS:
            raise ValueError
        if value < 0 or len(text) <= digits:
            text = f"{'-' if value < 0 else ''}{str(abs(value)).zfill(digits + 1)}"
        return f"{text[:-digits]}.{text[-digits:]}"

    return Conversion(
        f"minor units to an amount with {digits} decimals",
        int,
        lambda value: Decimal(f"{value}E-{digits}"),
        serializers={serialize_decimal: serialized} if 0 < digits < _MAX_DIGITS else {},
    )


def codes(table: Mapping[str, T], *, otherwise: T | None = None) -> Conversion[str, T]:
    """Convert a backend's code words to values such as an enum's. An unknown code fails, unless `otherwise` is set."""
    values = dict(table)
    name = "codes " + ", ".join(f"{code} = {getattr(value, 'name', value)}" for code, value in values.items())
    if otherwise is None:
        return Conversion.of_table(name, _literal[tuple(values)] if values else str, values)
    return Conversion(
        f"{name}, others = {getattr(otherwise, 'name', otherwise)}", str, lambda code: values.get(code, otherwise)
    )
