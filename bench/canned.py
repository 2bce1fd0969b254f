"""Canned backend replies: the sandbox's formats for ten million customers, at almost no cost per reply.

A row is serialised once for each of a few dozen variants, with placeholders for its numbers; a reply fills in the
requested numbers. So no two customers are alike, no cache in front sees a key twice, and every reply is fast.

Customers are 10000000 to 19999999, each with three orders of three lines. Customers n and n + 50 of a hundred buy the
same: a page of 20 has 180 different SKUs, a hundred customers have 450.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import orjson

FIRST, LAST = 10_000_000, 19_999_999
ORDERS, LINES = 3, 3
VARIANTS = 97

NUMBER, BASKET, SKU = b"########", b"@@@@@@@", b"@@@@@@@@"
"""Marks: a customer's number (8 digits), the beginning of all SKUs a customer buys (7), a whole SKU (8)."""

NAMES = ("Márta Fontaine", "Selma D'Aquino", "Jonas Ødegård", "Ana-Lucía Prieto", "Nordwerk GmbH", "Zoë Ashdown")
TITLES = ("Quiet Lamp", "Crème Carafe", 'Copper 12" Wok', "Felt Bench", "Jasper Stool", "Walnut & Ash Tray")
STATES = ("NEW", "PACKED", "SENT", "DONE", "CANC")


def customers(numbers: Iterable[int], fields: str | None, *, listed: bool = False) -> bytes:
    """Return CRM records with these fields (comma separated, dotted; None: all); in a list each has its position."""
    rows = _customers(fields, listed)
    return b",".join([rows[n % VARIANTS].replace(NUMBER, b"%d" % n) for n in numbers])


def orders(numbers: Iterable[int], limit: int) -> bytes:
    """Return the shop's results for these customers, each with its newest orders."""
    rows = _orders(limit)
    return b",".join(
        [rows[n % VARIANTS].replace(NUMBER, b"%d" % n).replace(BASKET, b"%07d" % basket(n)) for n in numbers]
    )


def products(skus: Iterable[str], fields: tuple[str, ...]) -> bytes:
    """Return catalog products with these fields."""
    rows = _products(fields)
    return b",".join([rows[int(sku) % VARIANTS].replace(SKU, sku.encode()) for sku in skus])


def stock(skus: Iterable[bytes]) -> bytes:
    """Return the inventory's stock levels, two warehouses each."""
    rows = _stock()
    return b"".join([rows[int(sku) % VARIANTS].replace(SKU, sku) for sku in skus])


def basket(number: int) -> int:
    """Return the prefix of all SKUs that a customer buys."""
    return number // 100 * 50 + number % 50


@lru_cache(maxsize=64)
def _customers(fields: str | None, listed: bool) -> list[bytes]:
    wanted = None if fields is None else {"custNo", *fields.split(",")}
    position = {"position": f"at{NUMBER.decode()}"} if listed else {}
    return [orjson.dumps(_picked(_customer(variant), wanted) | position) for variant in range(VARIANTS)]


def _picked(record: dict[str, Any], wanted: set[str] | None, path: str = "") -> dict[str, Any]:
    """Return the named parts of the record, top-level or within a named object."""
    if wanted is None:
        return record
    made: dict[str, Any] = {}
    for name, value in record.items():
        if path + name in wanted:
            made[name] = value
        elif isinstance(value, dict) and (part := _picked(value, wanted, f"{path}{name}.")):
            made[name] = part
    return made


def _customer(variant: int) -> dict[str, Any]:
    number, firm = NUMBER.decode(), variant % 6 == 4
    return {
        "custNo": number,
        "profile": {
            "displayName": f"{NAMES[variant % 6]} {variant}",
            "language": ("de", "en", "pl")[variant % 3],
            "segment": "BUSINESS" if firm else "RETAIL",
        },
        "contact": {
            "mail": f"buyer.{number}@mail.example",
            "phone": None if variant % 5 == 0 else f"+49 30 {1_000_000 + variant}",
        },
        "registeredAt": 1_600_000_000_000 + variant * 86_400_123,
        "newsletter": "Y" if variant % 2 else "N",
        "vip": "Y" if variant % 11 == 0 else "N",
        "address": {"line1": f"Storgatan {variant}", "zip": "01067", "town": "Łódź", "countryCode": "PL"},
    }


@lru_cache(maxsize=8)
def _orders(limit: int) -> list[bytes]:
    return [orjson.dumps(_result(variant, limit)) for variant in range(VARIANTS)]


def _result(variant: int, limit: int) -> dict[str, Any]:
    placed = [_order(variant, place) for place in range(min(limit, ORDERS))]
    return {"customer": NUMBER.decode(), "total": ORDERS, "orders": placed}


def _order(variant: int, place: int) -> dict[str, Any]:
    number, items = NUMBER.decode(), [_item(variant, place * LINES + line) for line in range(LINES)]
    cents = sum(item["qty"] * item["unit"]["cents"] for item in items)
    return {
        "orderNo": f"SO-{number}{place}",
        "cust": number,
        "placed": f"2026-{10 - place:02d}-{1 + variant % 28:02d}T{variant % 24:02d}:49:06+02:00",
        "state": STATES[variant % 5],
        "sum": {"cents": cents, "cur": "EUR"},
        "invoiceNo": f"2026-{number}{place}" if STATES[variant % 5] in ("SENT", "DONE") else None,
        "items": items,
    }


def _item(variant: int, place: int) -> dict[str, Any]:
    cents = 199 + (variant * 9 + place) * 37
    return {"sku": f"{BASKET.decode()}{place}", "qty": 1 + place % 3, "unit": {"cents": cents, "cur": "EUR"}}


@lru_cache(maxsize=64)
def _products(fields: tuple[str, ...]) -> list[bytes]:
    return [orjson.dumps({name: _product(variant)[name] for name in fields}) for variant in range(VARIANTS)]


def _product(variant: int) -> dict[str, Any]:
    cents = 199 + variant * 37
    return {
        "skuCode": SKU.decode(),
        "title": f"{TITLES[variant % 6]} {variant}",
        "summary": None if variant % 7 == 0 else f"{TITLES[variant % 6]}, as good as ever.",
        "category": ("light", "kitchen", "seating")[variant % 3],
        "rating": None if variant % 9 == 0 else round(1 + variant % 40 / 10, 1),
        "listPrice": {"value": f"{cents // 100}.{cents % 100:02d}", "currency": "EUR"},
    }


PRODUCT_FIELDS = tuple(_product(0))


@lru_cache(maxsize=1)
def _stock() -> list[bytes]:
    return [_level(variant).encode() for variant in range(VARIANTS)]


def _level(variant: int) -> str:
    shelves = {"0400": variant * 3, "0071": variant % 9}
    lying = "".join(
        f"<inv:Warehouse><inv:Code>{code}</inv:Code><inv:Quantity>{pieces}</inv:Quantity></inv:Warehouse>"
        for code, pieces in shelves.items()
    )
    totals = f"<inv:Sku>{SKU.decode()}</inv:Sku><inv:OnHand>{sum(shelves.values())}</inv:OnHand>"
    return f"<inv:StockLevel>{totals}<inv:Reserved>{variant % 4}</inv:Reserved>{lying}</inv:StockLevel>"
