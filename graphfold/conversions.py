"""Conversions of wire values that backends need again and again. A public room. Each is lossless or refuses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from graphfold.rows.wire import Conversion

__all__ = ["EPOCH_MILLIS", "EPOCH_SECONDS", "YES_NO", "Conversion", "codes", "minor_units"]

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

EPOCH_MILLIS: Conversion[int, datetime] = Conversion(
    "milliseconds since 1970 to a UTC time", int, lambda value: _EPOCH + timedelta(milliseconds=value)
)
EPOCH_SECONDS: Conversion[int, datetime] = Conversion(
    "seconds since 1970 to a UTC time", int, lambda value: _EPOCH + timedelta(seconds=value)
)
YES_NO: Conversion[str, bool] = Conversion('"Y" / "N" to a boolean', str, {"Y": True, "N": False}.__getitem__)


def minor_units(digits: int = 2) -> Conversion[int, Decimal]:
    """Whole cents (or what a currency has instead) to an exact amount: 1230 is 12.30 with two digits."""
    return Conversion(
        f"minor units to an amount with {digits} decimals", int, lambda value: Decimal(f"{value}E-{digits}")
    )


def codes(table: Mapping[str, T], *, otherwise: T | None = None) -> Conversion[str, T]:
    """A backend's code words to our values, e.g. an enum. An unknown code is an error unless `otherwise` is given."""
    known = dict(table)
    name = "codes " + ", ".join(f"{code} = {getattr(value, 'name', value)}" for code, value in known.items())
    if otherwise is None:
        return Conversion(name, str, known.__getitem__)
    return Conversion(
        f"{name}, others = {getattr(otherwise, 'name', otherwise)}", str, lambda code: known.get(code, otherwise)
    )
