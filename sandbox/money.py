"""Exact money: whole cents in the database, decimals with two places on the wire."""

from __future__ import annotations

EURO, FRANC = "EUR", "CHF"


def currency_in(country: str) -> str:
    return FRANC if country == "CH" else EURO


def price(list_cents: int, currency: str) -> int:
    """Convert a list price to the customer's currency, rounded half up to a cent."""
    return list_cents if currency == EURO else (list_cents * 96 + 50) // 100


def decimal(cents: int) -> str:
    """Format cents as a decimal: 1230 becomes "12.30"."""
    return f"{cents // 100}.{cents % 100:02d}"
