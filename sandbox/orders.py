"""Read the shop's orders in wire format, newest first: by number, by customer, or all in pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from sandbox.database import among, key_numbers

STATES = ("NEW", "PACKED", "SENT", "DONE", "CANC")
PREFIX = "SO-"

Order = dict[str, object]

INVOICED = "SELECT o.*, i.number AS invoice FROM orders o LEFT JOIN invoices i ON i.order_number = o.number"
BY_NUMBER = f"{INVOICED} WHERE o.number IN (SELECT value FROM json_each(?)) ORDER BY o.number DESC"
PAGE = f"{INVOICED} WHERE o.state = coalesce(?, o.state) ORDER BY o.number DESC LIMIT ? OFFSET ?"
OF_CUSTOMERS = f"""
{INVOICED} JOIN (
    SELECT number, row_number() OVER (PARTITION BY customer ORDER BY number DESC) AS place FROM orders
    WHERE customer IN (SELECT value FROM json_each(?)) AND state = coalesce(?, state)
) ranked ON ranked.number = o.number
WHERE ranked.place > ? AND ranked.place <= ? ORDER BY o.number DESC
"""
TOTALS = """
SELECT customer, count(*) FROM orders
WHERE customer IN (SELECT value FROM json_each(?)) AND state = coalesce(?, state) GROUP BY customer
"""
LINES = """
SELECT * FROM lines WHERE order_number IN (SELECT value FROM json_each(?)) ORDER BY order_number, position
"""


class Orders:
    """Queries for orders in wire format."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def by_number(self, numbers: Iterable[str]) -> list[Order]:
        """Return the orders that exist among these numbers."""
        return self._shown(BY_NUMBER, among(key_numbers(numbers, PREFIX)))

    def page(self, state: str | None, limit: int, offset: int) -> dict[str, object]:
        """Return the number of all orders, and `limit` of them from index `offset`."""
        counted = self._database.execute("SELECT count(*) FROM orders WHERE state = coalesce(?, state)", (state,))
        return {"total": counted.fetchone()[0], "orders": self._shown(PAGE, state, limit, offset)}

    def of_customers(
        self, customers: Sequence[str], state: str | None, limit: int, offset: int
    ) -> list[dict[str, object]]:
        """Return each customer's total and page; `limit` and `offset` apply to each customer."""
        wanted = among(key_numbers(customers))
        pages: dict[str, list[Order]] = {customer: [] for customer in customers}
        for order in self._shown(OF_CUSTOMERS, wanted, state, offset, offset + limit):
            pages[str(order["cust"])].append(order)
        totals = {str(customer): total for customer, total in self._database.execute(TOTALS, (wanted, state))}
        return [
            {"customer": customer, "total": totals.get(customer, 0), "orders": page} for customer, page in pages.items()
        ]

    def _shown(self, statement: str, *values: object) -> list[Order]:
        rows = self._database.execute(statement, values).fetchall()
        currencies = {row["number"]: row["currency"] for row in rows}
        items: dict[int, list[dict[str, object]]] = {number: [] for number in currencies}
        for line in self._database.execute(LINES, (among(currencies),)):
            number = line["order_number"]
            items[number].append(_item(line, currencies[number]))
        return [_order(row, items[row["number"]]) for row in rows]


def _order(row: sqlite3.Row, items: list[dict[str, object]]) -> Order:
    return {
        "orderNo": f"{PREFIX}{row['number']}",
        "cust": str(row["customer"]),
        "placed": row["placed"],
        "state": row["state"],
        "sum": {"cents": row["cents"], "cur": row["currency"]},
        "invoiceNo": row["invoice"],
        "items": items,
    }


def _item(line: sqlite3.Row, currency: str) -> dict[str, object]:
    return {"sku": line["sku"], "qty": line["quantity"], "unit": {"cents": line["cents"], "cur": currency}}
