"""The in-memory SQLite database of the company: its tables and helpers for queries."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

TABLES = """
CREATE TABLE customers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, language TEXT NOT NULL, segment TEXT NOT NULL,
    mail TEXT NOT NULL, phone TEXT, registered_at INTEGER NOT NULL, newsletter TEXT NOT NULL, vip TEXT NOT NULL,
    line1 TEXT NOT NULL, zip TEXT NOT NULL, town TEXT NOT NULL, country TEXT NOT NULL,
    sought TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE products (
    sku TEXT PRIMARY KEY, title TEXT NOT NULL, summary TEXT, category TEXT NOT NULL, cents INTEGER NOT NULL,
    currency TEXT NOT NULL, sought TEXT NOT NULL
);
CREATE TABLE reviews (
    id INTEGER PRIMARY KEY, sku TEXT NOT NULL, stars INTEGER NOT NULL, headline TEXT NOT NULL, body TEXT,
    author TEXT, created_on TEXT NOT NULL
);
CREATE INDEX reviews_of ON reviews (sku, id);
CREATE TABLE stock (sku TEXT PRIMARY KEY, reserved INTEGER NOT NULL);
CREATE TABLE shelves (
    sku TEXT NOT NULL, warehouse TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (sku, warehouse)
);
CREATE TABLE reservations (number INTEGER PRIMARY KEY AUTOINCREMENT, sku TEXT NOT NULL, quantity INTEGER NOT NULL);
CREATE TABLE orders (
    number INTEGER PRIMARY KEY AUTOINCREMENT, customer INTEGER NOT NULL, placed TEXT NOT NULL, state TEXT NOT NULL,
    cents INTEGER NOT NULL, currency TEXT NOT NULL
);
CREATE INDEX orders_of ON orders (customer, number);
CREATE TABLE lines (
    order_number INTEGER NOT NULL, position INTEGER NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
    cents INTEGER NOT NULL, PRIMARY KEY (order_number, position)
) WITHOUT ROWID;
CREATE TABLE idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, order_number INTEGER NOT NULL
);
CREATE TABLE invoices (
    number TEXT PRIMARY KEY, customer INTEGER NOT NULL, order_number INTEGER NOT NULL, issued_on TEXT NOT NULL,
    due_on TEXT, status TEXT NOT NULL, cents INTEGER NOT NULL, currency TEXT NOT NULL
);
CREATE INDEX invoices_of ON invoices (customer, number);
CREATE INDEX invoices_for ON invoices (order_number);
CREATE TABLE payments (
    invoice TEXT NOT NULL, position INTEGER NOT NULL, paid_on TEXT NOT NULL, cents INTEGER NOT NULL,
    method TEXT NOT NULL, reference TEXT, PRIMARY KEY (invoice, position)
) WITHOUT ROWID;
CREATE TABLE engagement (
    customer INTEGER PRIMARY KEY, score REAL NOT NULL, last_seen TEXT, opens INTEGER NOT NULL, clicks INTEGER NOT NULL
);
"""
"""Money is whole cents, days are ISO dates. Later rows of orders, invoices and reviews are newer."""


def empty() -> sqlite3.Connection:
    """Return a new database with all tables and no rows. The caller closes it."""
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.executescript(TABLES)
    return database


def among(values: Iterable[object]) -> str:
    """Return the parameter for `IN (SELECT value FROM json_each(?))`: one statement for any number of values."""
    return json.dumps(list(values))


def key_number(text: str, prefix: str = "") -> int | None:
    """Return the number in a business key such as "10001" or "SO-100001", or None if it is not in canonical form."""
    digits = text.removeprefix(prefix)
    if text != prefix + digits or not (digits.isascii() and digits.isdigit()) or digits[0] == "0" or len(digits) > 15:
        return None
    return int(digits)


def key_numbers(texts: Iterable[str], prefix: str = "") -> list[int]:
    return [number for text in texts if (number := key_number(text, prefix)) is not None]
