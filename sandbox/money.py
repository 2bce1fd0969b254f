"""Exact money: whole cents inside, a decimal with two places on the wire of those who write decimals."""

from __future__ import annotations

EURO, FRANC = "EUR", "CHF"


def currency_in(country: str) -> str:
    return FRANC if country == "CH" else EURO


def price(list_cents: int, currency: str) -> int:
    """A list price in the currency the customer pays in, rounded half up to a cent."""
    return list_cents if currency == EURO else (list_cents * 96 + 50) // 100


def decimal(cents: int) -> str:
    """1230 as "12.30"."""
    return f"{cents // 100}.{cents % 100:02d}"
