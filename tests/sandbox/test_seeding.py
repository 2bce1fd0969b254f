"""The seeded rows: deterministic, in proportion and consistent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from sandbox.seeding import filled


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    with closing(filled(300)) as database:
        yield database


def ask(database: sqlite3.Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in database.execute(query)]


def test_seeding_is_deterministic(database: sqlite3.Connection) -> None:
    with closing(filled(300)) as again:
        assert list(again.iterdump()) == list(database.iterdump())


def test_seeded_customer_does_not_depend_on_the_company_size(database: sqlite3.Connection) -> None:
    with closing(filled(20)) as small:
        people = "SELECT * FROM customers WHERE number <= 10020"
        assert ask(small, people) == ask(database, people)


@pytest.mark.parametrize(("customers", "products"), [(1, 40), (20, 40), (300, 90)])
def test_seeded_row_counts_are_proportional_to_customers(customers: int, products: int) -> None:
    with closing(filled(customers)) as database:
        assert ask(database, "SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM products)") == [
            (customers, products)
        ]
        assert ask(database, "SELECT count(*) FROM engagement") == [(customers,)]


def test_seeded_customers_have_enough_orders_to_page(database: sqlite3.Connection) -> None:
    orders = {row[0]: row[1] for row in ask(database, "SELECT customer, count(*) FROM orders GROUP BY 1")}
    assert len(orders) == 300
    assert orders.pop(10010) == 120
    assert set(orders.values()) <= set(range(3, 9))


def test_seeded_numbers_increase_with_time(database: sqlite3.Connection) -> None:
    for query in (
        "SELECT unixepoch(placed) FROM orders ORDER BY number",
        "SELECT issued_on FROM invoices ORDER BY number",
        "SELECT created_on FROM reviews ORDER BY id",
    ):
        moments = [moment for (moment,) in database.execute(query)]
        assert moments == sorted(moments)


def test_seeded_rows_have_no_dangling_references(database: sqlite3.Connection) -> None:
    for query in (
        "SELECT sku FROM lines EXCEPT SELECT sku FROM products",
        "SELECT sku FROM reviews EXCEPT SELECT sku FROM products",
        "SELECT sku FROM stock EXCEPT SELECT sku FROM shelves",
        "SELECT customer FROM orders EXCEPT SELECT number FROM customers",
        "SELECT number FROM orders WHERE state IN ('SENT', 'DONE') EXCEPT SELECT order_number FROM invoices",
        "SELECT 1 FROM orders WHERE cents != (SELECT sum(quantity * cents) FROM lines WHERE order_number = number)",
        "SELECT 1 FROM orders o JOIN customers c ON c.number = customer WHERE (currency = 'CHF') != (country = 'CH')",
    ):
        assert ask(database, query) == []


def test_seeded_rows_cover_every_variant(database: sqlite3.Connection) -> None:
    for query, kinds in (
        ("SELECT DISTINCT segment FROM customers", 3),
        ("SELECT DISTINCT phone IS NULL FROM customers", 2),
        ("SELECT DISTINCT state FROM orders", 5),
        ("SELECT DISTINCT status FROM invoices", 3),
        ("SELECT DISTINCT due_on IS NULL FROM invoices", 2),
        ("SELECT DISTINCT method FROM payments", 3),
        ("SELECT DISTINCT count(*) FROM payments GROUP BY invoice", 2),
        ("SELECT DISTINCT count(*) FROM shelves GROUP BY sku", 3),
        ("SELECT DISTINCT sku IN (SELECT sku FROM stock) FROM products", 2),
        ("SELECT DISTINCT last_seen IS NULL FROM engagement", 2),
        ("SELECT DISTINCT stars FROM reviews", 5),
    ):
        assert len(ask(database, query)) == kinds, query


def test_seeded_names_have_accents_and_mail_addresses_are_ascii(database: sqlite3.Connection) -> None:
    names = " ".join(str(name) for (name,) in ask(database, "SELECT name FROM customers"))
    assert set("'&<>üßŁÞ-") <= set(names)
    assert all(str(mail).isascii() for (mail,) in ask(database, "SELECT mail FROM customers"))
