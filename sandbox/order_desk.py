"""Place and cancel the shop's orders, each at most once per idempotency key."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping

from sandbox.database import key_number
from sandbox.days import local_time
from sandbox.money import currency_in, price
from sandbox.orders import PREFIX
from sandbox.stockroom import OutOfStock, Stockroom

SHIPPED = ("SENT", "DONE")
MOST_PIECES = 1000

Line = tuple[str, int, int]
"""SKU, quantity, unit price in cents."""


class Refused(Exception):
    """An order that breaks a rule of the shop; `about` holds the details."""

    def __init__(self, code: str, message: str, status: int = 422, **about: object) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.about = about


class OrderDesk:
    """Changes orders and the stock they use. A rejection changes nothing and is not stored."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._stockroom = Stockroom(database)

    def once(self, key: str, fingerprint: str, act: Callable[[], int]) -> tuple[int, bool]:
        """Run `act` once per key. Return its order number, and whether this call was the first."""
        with self._database:
            seen = self._database.execute("SELECT * FROM idempotency WHERE key = ?", (key,)).fetchone()
            if seen is None:
                order = act()
                self._database.execute("INSERT INTO idempotency VALUES (?, ?, ?)", (key, fingerprint, order))
                return order, True
            if seen["fingerprint"] != fingerprint:
                raise Refused("IDEMPOTENCY_MISMATCH", "The key was used for another request", 409)
            return seen["order_number"], False

    def place(self, document: Mapping[str, object]) -> int:
        """Place an order `{"customer": ..., "items": [{"sku": ..., "qty": ...}]}` and return its number."""
        customer, currency = self._customer(document.get("customer"))
        items = document.get("items")
        if not isinstance(items, list) or not items:
            raise Refused("NO_ITEMS", "An order needs a list of items")
        lines = [self._line(index, item, currency) for index, item in enumerate(items)]
        return self._write(customer, currency, lines)

    def cancel(self, number: str) -> int:
        """Cancel an order that has not been shipped. Cancelling it again changes nothing."""
        order = self._database.execute(
            "SELECT number, state FROM orders WHERE number = ?", (key_number(number, PREFIX),)
        ).fetchone()
        if order is None:
            raise Refused("UNKNOWN_ORDER", f"There is no order {number}", 404)
        if order["state"] in SHIPPED:
            raise Refused("ALREADY_SHIPPED", f"{number} has left the house", 409)
        if order["state"] != "CANC":
            self._take_back(order["number"])
        return int(order["number"])

    def _customer(self, number: object) -> tuple[int, str]:
        row = self._database.execute(
            "SELECT number, country FROM customers WHERE number = ?", (key_number(str(number)),)
        ).fetchone()
        if row is None:
            raise Refused("UNKNOWN_CUSTOMER", f"There is no customer {number}", customer=number)
        return row["number"], currency_in(row["country"])

    def _line(self, index: int, item: object, currency: str) -> Line:
        sku, quantity = (item.get("sku"), item.get("qty")) if isinstance(item, dict) else (None, None)
        product = self._database.execute("SELECT cents FROM products WHERE sku = ?", (str(sku),)).fetchone()
        if product is None:
            raise Refused("UNKNOWN_SKU", f"There is no product {sku}", item=index, sku=sku)
        if type(quantity) is not int or not 1 <= quantity <= MOST_PIECES:
            raise Refused("INVALID_QUANTITY", f"qty must be 1 to {MOST_PIECES}", item=index, sku=sku)
        try:
            self._stockroom.take(str(sku), quantity)
        except OutOfStock as short:
            raise Refused("OUT_OF_STOCK", f"Sorry, {short}", item=index, sku=sku, available=short.available) from None
        return str(sku), quantity, price(product["cents"], currency)

    def _write(self, customer: int, currency: str, lines: list[Line]) -> int:
        total = sum(quantity * cents for _, quantity, cents in lines)
        order = self._database.execute(
            "INSERT INTO orders (customer, placed, state, cents, currency) VALUES (?, ?, 'NEW', ?, ?)",
            (customer, local_time(int(time.time())), total, currency),
        ).lastrowid
        assert order is not None
        rows = [(order, position, *line) for position, line in enumerate(lines)]
        self._database.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", rows)
        return order

    def _take_back(self, order: int) -> None:
        self._database.execute("UPDATE orders SET state = 'CANC' WHERE number = ?", (order,))
        lines = self._database.execute("SELECT sku, quantity FROM lines WHERE order_number = ?", (order,))
        for sku, quantity in lines.fetchall():
            self._stockroom.put_back(sku, quantity)
