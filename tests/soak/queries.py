"""Random queries of many users to the reference graph, each with the answer that it must have.

The sandbox seeds the same rows wherever it runs, so expected answers are read from a second copy of its database.
Changes are tracked beside it; each user changes its own customers.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.money import decimal
from sandbox.seeding import filled
from tests.soak.expected_changes import AnyVersion, Reservations, Versions

__all__ = ["CUSTOMERS", "CheckedQueries", "CheckedQuery", "differences"]

CUSTOMERS = 150

Json = dict[str, Any]

CUSTOMER = "query($id: ID!) { customer(id: $id) { number name email } }"
ORDER = "query($id: ID!) { order(id: $id) { number total { amount currency } lines { quantity product { sku } } } }"
PRODUCT = "query($id: ID!) { product(id: $id) { sku name price { amount currency } } }"
STOCK = "query($id: ID!) { product(id: $id) { sku stock { onHand } } }"
INVOICE = "query($id: ID!) { invoice(id: $id) { number total { amount currency } } }"
ENGAGEMENT = "query($id: ID!) { customer(id: $id) { number engagement { opens clicks } } }"
OWN = "query($id: ID!) { owner product(id: $id) { sku name } }"
RENAME = """mutation($id: ID!, $name: String!) { updateCustomer(input: {id: $id, name: $name}) {
  ... on CustomerUpdated { customer { number name } } } }"""
RESERVE = """mutation($id: ID!) { reserveStock(input: {productId: $id, quantity: 1}) { __typename } }"""
EVERYTHING = """query($id: ID!) { customer(id: $id) { number name engagement { opens clicks } orders(first: 2) {
  totalCount nodes { number total { amount currency } invoice { number total { amount currency } }
  lines { quantity product { sku name stock { onHand } } } } } } }"""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class CheckedQuery:
    """`backends` are all that the answer needs; `done` is called when it came without an error."""

    document: str
    variables: Json
    backends: frozenset[str]
    answer: Json
    done: Callable[[], None] = _nothing


class CheckedQueries:
    """A source of random queries, the same for the same seed, for users numbered below `many`."""

    def __init__(self, seed: int, many: int = 8) -> None:
        self._random, self.many = random.Random(seed), many
        self._database = filled(CUSTOMERS)
        self._customers = [n for n in self._all("SELECT number FROM customers") if not str(n).endswith("7")]
        self._names = {
            row["number"]: Versions(row["name"]) for row in self._database.execute("SELECT * FROM customers")
        }
        self._orders = self._all("SELECT number FROM orders")
        self._skus = self._all("SELECT p.sku FROM products p JOIN stock s ON s.sku = p.sku")
        self._invoices = self._all("SELECT number FROM invoices")
        self._kinds: list[Callable[[int], CheckedQuery]] = [
            self._customer,
            self._order,
            self._product,
            self._stock,
            self._invoice,
            self._engagement,
            self._everything,
            self._own,
            self._rename,
            self._reserve,
        ]
        self._most = max(self._skus, key=self._available)
        self._free = self._available(self._most)
        self.reservations = Reservations(self._most, self._taken(self._most))

    def next(self, user: int) -> CheckedQuery:
        return self._random.choice(self._kinds)(user)

    def close(self) -> None:
        self._database.close()

    def _own(self, user: int) -> CheckedQuery:
        row = self._row("SELECT * FROM products WHERE sku = ?", self._random.choice(self._skus))
        answer = {"owner": f"user-{user}", "product": {"sku": row["sku"], "name": row["title"]}}
        return _checked(OWN, row["sku"], ["accounts", "catalog"], answer)

    def _rename(self, user: int) -> CheckedQuery:
        number = self._random.choice([n for n in self._customers if n % self.many == user])
        versions, name = self._names[number], f"Nova {self._random.randrange(10**9)}"
        versions.tried(name)
        answer = {"updateCustomer": {"customer": {"number": str(number), "name": name}}}
        variables = {"id": str(number), "name": name}
        return CheckedQuery(RENAME, variables, frozenset(["crm"]), answer, versions.done)

    def _reserve(self, user: int) -> CheckedQuery:
        if self.reservations.tried == self._free:
            return self._stock(user)
        self.reservations.tried += 1
        answer = {"reserveStock": {"__typename": "StockReserved"}}
        return CheckedQuery(RESERVE, {"id": self._most}, frozenset(["inventory"]), answer, self._reserved)

    def _reserved(self) -> None:
        self.reservations.done += 1

    def _available(self, sku: str) -> int:
        return int(self._on_hand(sku)["onHand"]) - self._taken(sku)

    def _taken(self, sku: str) -> int:
        return int(self._row("SELECT * FROM stock WHERE sku = ?", sku)["reserved"])

    def _customer(self, _: int) -> CheckedQuery:
        row = self._row("SELECT * FROM customers WHERE number = ?", self._random.choice(self._customers))
        answer = {"number": str(row["number"]), "name": self._name(row["number"]), "email": row["mail"]}
        return _checked(CUSTOMER, row["number"], ["crm"], {"customer": answer})

    def _order(self, _: int) -> CheckedQuery:
        number = self._random.choice(self._orders)
        row = self._row("SELECT * FROM orders WHERE number = ?", number)
        lines = [{"quantity": line["quantity"], "product": {"sku": line["sku"]}} for line in self._lines(number)]
        answer = {"number": f"SO-{number}", "total": _money(row), "lines": lines}
        return _checked(ORDER, f"SO-{number}", ["shop"], {"order": answer})

    def _product(self, _: int) -> CheckedQuery:
        row = self._row("SELECT * FROM products WHERE sku = ?", self._random.choice(self._skus))
        answer = {"sku": row["sku"], "name": row["title"], "price": _money(row)}
        return _checked(PRODUCT, row["sku"], ["catalog"], {"product": answer})

    def _stock(self, _: int) -> CheckedQuery:
        sku = self._random.choice(self._skus)
        return _checked(STOCK, sku, ["catalog", "inventory"], {"product": {"sku": sku, "stock": self._on_hand(sku)}})

    def _invoice(self, _: int) -> CheckedQuery:
        row = self._row("SELECT * FROM invoices WHERE number = ?", self._random.choice(self._invoices))
        return _checked(INVOICE, row["number"], ["billing"], {"invoice": _invoiced(row)})

    def _engagement(self, _: int) -> CheckedQuery:
        number = self._random.choice(self._customers)
        answer = {"number": str(number), "engagement": self._engaged(number)}
        return _checked(ENGAGEMENT, number, ["crm", "marketing"], {"customer": answer})

    def _everything(self, _: int) -> CheckedQuery:
        number = self._random.choice(self._customers)
        orders = self._rows("SELECT * FROM orders WHERE customer = ? ORDER BY number DESC", number)
        nodes = [self._whole_order(order) for order in orders[:2]]
        answer = {
            "number": str(number),
            "name": self._name(number),
            "engagement": self._engaged(number),
            "orders": {"totalCount": len(orders), "nodes": nodes},
        }
        all_six = ["crm", "shop", "catalog", "inventory", "billing", "marketing"]
        return _checked(EVERYTHING, number, all_six, {"customer": answer})

    def _whole_order(self, order: sqlite3.Row) -> Json:
        invoices = self._rows("SELECT * FROM invoices WHERE order_number = ?", order["number"])
        lines = [
            {"quantity": line["quantity"], "product": self._stocked(line["sku"])}
            for line in self._lines(order["number"])
        ]
        invoice = _invoiced(invoices[0]) if invoices else None
        return {"number": f"SO-{order['number']}", "total": _money(order), "invoice": invoice, "lines": lines}

    def _stocked(self, sku: str) -> Json:
        row = self._row("SELECT * FROM products WHERE sku = ?", sku)
        return {"sku": sku, "name": row["title"], "stock": self._on_hand(sku) if sku in self._skus else None}

    def _name(self, customer: int) -> AnyVersion:
        return self._names[customer].now()

    def _on_hand(self, sku: str) -> Json:
        return {"onHand": self._row("SELECT coalesce(sum(quantity), 0) AS n FROM shelves WHERE sku = ?", sku)["n"]}

    def _engaged(self, customer: int) -> Json | None:
        rows = self._rows("SELECT * FROM engagement WHERE customer = ?", customer)
        return {"opens": rows[0]["opens"], "clicks": rows[0]["clicks"]} if rows else None

    def _lines(self, order: int) -> Sequence[sqlite3.Row]:
        return self._rows("SELECT * FROM lines WHERE order_number = ? ORDER BY position", order)

    def _all(self, statement: str) -> list[Any]:
        return [row[0] for row in self._database.execute(f"{statement} ORDER BY 1")]

    def _rows(self, statement: str, key: object) -> list[sqlite3.Row]:
        return self._database.execute(statement, (key,)).fetchall()

    def _row(self, statement: str, key: object) -> sqlite3.Row:
        return self._rows(statement, key)[0]


def differences(
    actual: Any, expected: Any, errors: Sequence[Sequence[str | int]], path: tuple[str | int, ...] = ()
) -> list[str]:
    """Return where an answer differs from the expected one. Null is allowed at and above the path of an error."""
    if actual is None and expected is not None and any(list(error[: len(path)]) == list(path) for error in errors):
        return []
    if isinstance(expected, dict) and isinstance(actual, dict) and actual.keys() == expected.keys():
        return [text for name in expected for text in differences(actual[name], expected[name], errors, (*path, name))]
    if isinstance(expected, list) and isinstance(actual, list) and len(actual) == len(expected):
        return [text for i, each in enumerate(expected) for text in differences(actual[i], each, errors, (*path, i))]
    return [] if expected == actual else [f"{'.'.join(map(str, path))} is {actual!r}, not {expected!r}"]


def _checked(query: str, key: object, backends: Sequence[str], answer: Json) -> CheckedQuery:
    return CheckedQuery(query, {"id": str(key)}, frozenset(backends), answer)


def _money(row: sqlite3.Row) -> Json:
    return {"amount": decimal(row["cents"]), "currency": row["currency"]}


def _invoiced(row: sqlite3.Row) -> Json:
    return {"number": row["number"], "total": _money(row)}
