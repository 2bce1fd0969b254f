"""Seed the invoices of shipped orders, and their payments."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from sandbox.days import LATEST
from sandbox.days import day as day_of
from sandbox.seeding.rows import insert

Row = tuple[object, ...]

TODAY = date.fromisoformat(day_of(LATEST))


def fill_invoices(database: sqlite3.Connection) -> None:
    random = Random("invoices")
    invoices: list[Row] = []
    payments: list[Row] = []
    for number, issued, order in _numbered(database, random):
        due = None if random.random() < 0.15 else issued + timedelta(days=30)
        status = _status(issued, due, random)
        invoices.append(
            (number, order["customer"], order["number"], issued.isoformat(), due and due.isoformat(), status,
             order["cents"], order["currency"])
        )  # fmt: skip
        payments += _payments(number, issued, due, status, order, random)
    insert(database, "invoices", invoices)
    insert(database, "payments", payments)


def _numbered(database: sqlite3.Connection, random: Random) -> Iterator[tuple[str, date, sqlite3.Row]]:
    """Return every shipped order with its invoice's number and day; numbers rise within a year without a gap."""
    shipped = database.execute(
        "SELECT o.*, c.name FROM orders o JOIN customers c ON c.number = o.customer "
        "WHERE o.state IN ('SENT', 'DONE') ORDER BY o.number"
    ).fetchall()
    issued = [(_issued(order, random), order) for order in shipped]
    used: dict[int, int] = {}
    for when, order in sorted(issued, key=lambda pair: (pair[0], pair[1]["number"])):
        used[when.year] = used.get(when.year, 0) + 1
        yield f"{when.year}-{used[when.year]:06d}", when, order


def _issued(order: sqlite3.Row, random: Random) -> date:
    placed = date.fromisoformat(order["placed"][:10])
    return min(TODAY, placed + timedelta(days=random.randrange(0, 4)))


def _status(issued: date, due: date | None, random: Random) -> str:
    """Return the status of an invoice: all but a few of the prepaid and old ones are paid."""
    if due is None or (issued < TODAY - timedelta(days=45) and random.random() < 0.9):
        return "PAID"
    return random.choice(("OPEN", "OPEN", "PART", "PAID"))


def _payments(
    number: str, issued: date, due: date | None, status: str, order: sqlite3.Row, random: Random
) -> Iterator[Row]:
    day = issued
    for position, cents in enumerate(_parts(status, order["cents"], random)):
        day = min(TODAY, day + timedelta(days=random.randrange(0, 15) if due else 0))
        method = random.choice(("TRANSFER", "TRANSFER", "DEBIT")) if due else "CARD"
        reference = f"{order['name']} / SO-{order['number']}" if method == "TRANSFER" else None
        yield number, position, day.isoformat(), cents, method, reference


def _parts(status: str, cents: int, random: Random) -> list[int]:
    half = cents // 2
    match status:
        case "OPEN":
            return []
        case "PART":
            return [half]
        case _:
            return [half, cents - half] if random.random() < 0.2 else [cents]
