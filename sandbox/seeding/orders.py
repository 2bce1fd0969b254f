"""Seed orders and their lines, numbered in the order in which they were placed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from random import Random

from sandbox.days import DAY, FIRST_ORDER, LATEST, local_time
from sandbox.money import currency_in, price
from sandbox.seeding.rows import insert

FIRST_NUMBER = 100_001
BUSY_CUSTOMER = 10_010
"""The customer with 120 orders."""

Line = tuple[str, int, int]
"""SKU, quantity, unit price in cents."""


def fill_orders(database: sqlite3.Connection) -> None:
    random = Random("orders")
    goods = [tuple(row) for row in database.execute("SELECT sku, cents FROM products ORDER BY sku")]
    orders, lines = [], []
    for number, (placed, customer, currency) in enumerate(sorted(_placed(database, random)), FIRST_NUMBER):
        bought = _lines(goods, currency, random)
        total = sum(quantity * cents for _, quantity, cents in bought)
        orders.append((number, customer, local_time(placed), _state(LATEST - placed, random), total, currency))
        lines += [(number, position, *line) for position, line in enumerate(bought)]
    insert(database, "orders", orders)
    insert(database, "lines", lines)


def _placed(database: sqlite3.Connection, random: Random) -> Iterator[tuple[int, int, str]]:
    """Return time, customer and currency of each order; recent months have more orders."""
    rows = database.execute("SELECT number, registered_at / 1000, country FROM customers ORDER BY number").fetchall()
    for customer, registered, country in rows:
        start = max(registered, FIRST_ORDER)
        for _ in range(120 if customer == BUSY_CUSTOMER else random.choice((3, 3, 4, 4, 5, 6, 7, 8))):
            yield LATEST - int((LATEST - start) * random.random() ** 2), customer, currency_in(country)


def _lines(goods: list[tuple[str, int]], currency: str, random: Random) -> list[Line]:
    """Return one to four lines; the stride keeps their products different, as there are at least 40 products."""
    start, stride = random.randrange(len(goods)), random.randrange(1, 13)
    count = random.choice((1, 2, 3, 3, 3, 4, 4))
    picked = [goods[(start + stride * step) % len(goods)] for step in range(count)]
    return [(sku, random.choice((1, 1, 1, 2, 2, 3, 6)), price(cents, currency)) for sku, cents in picked]


def _state(age: int, random: Random) -> str:
    if random.random() < 0.06:
        return "CANC"
    if age > 45 * DAY:
        return "DONE"
    if age > 10 * DAY:
        return random.choice(("SENT", "SENT", "DONE"))
    return random.choice(("NEW", "NEW", "PACKED", "SENT"))
