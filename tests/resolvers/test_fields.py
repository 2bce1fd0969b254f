"""Every field of every type equals the row in the backend's database."""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.gateway import Gateway

pytestmark = pytest.mark.anyio

Row = sqlite3.Row
SEGMENTS = {"RETAIL": "RETAIL", "BUSINESS": "BUSINESS", "KEY": "KEY_ACCOUNT"}
ORDER_STATES = {"NEW": "NEW", "PACKED": "PACKED", "SENT": "SENT", "DONE": "DELIVERED", "CANC": "CANCELLED"}
INVOICE_STATES = {"OPEN": "OPEN", "PART": "PARTLY_PAID", "PAID": "PAID"}


def id_of(noun: str, key: object) -> str:
    return urlsafe_b64encode(f"{noun}:{key}".encode()).decode().rstrip("=")


def money(cents: int, currency: str) -> dict[str, str]:
    return {"amount": f"{cents // 100}.{cents % 100:02d}", "currency": currency}


def utc(text: str) -> str:
    """Convert a time with an offset to UTC with Z."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(books: sqlite3.Connection, statement: str, *values: object) -> list[Row]:
    return books.execute(statement, values).fetchall()


def customer(row: Row) -> dict[str, Any]:
    since = datetime(1970, 1, 1) + timedelta(milliseconds=row["registered_at"])
    return {
        "id": id_of("Customer", row["number"]),
        "number": str(row["number"]),
        "name": row["name"],
        "email": row["mail"],
        "phone": row["phone"],
        "language": row["language"],
        "segment": SEGMENTS[row["segment"]],
        "since": since.isoformat() + "Z",
        "newsletter": row["newsletter"] == "Y",
        "vip": row["vip"] == "Y",
        "address": {
            "street": row["line1"],
            "postalCode": row["zip"],
            "city": row["town"],
            "countryCode": row["country"],
        },
    }


CUSTOMER = (
    "id number name email phone language segment since newsletter vip address { street postalCode city countryCode }"
)


async def test_customers_match_the_crm_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    expected = [customer(row) for row in rows(books, "SELECT * FROM customers ORDER BY number LIMIT 100")]
    data = await graph.ask(f"{{ customers(first: 100) {{ nodes {{ {CUSTOMER} }} }} }}")
    assert data["customers"]["nodes"] == expected
    assert {one["phone"] is None for one in expected} == {one["vip"] for one in expected} == {True, False}
    assert any(one["address"]["postalCode"].startswith("0") for one in expected)


async def test_customer_by_number_matches_the_crm_row(graph: Gateway, books: sqlite3.Connection) -> None:
    [row] = rows(books, "SELECT * FROM customers WHERE number = 10001")
    assert (await graph.ask(f'{{ customer(id: "10001") {{ {CUSTOMER} }} }}'))["customer"] == customer(row)


async def test_epoch_milliseconds_become_a_utc_datetime(graph: Gateway, books: sqlite3.Connection) -> None:
    [row] = rows(books, "SELECT registered_at FROM customers WHERE number = 10001")
    assert row["registered_at"] == 1603028603792
    since = (await graph.ask('{ customer(id: "10001") { since } }'))["customer"]["since"]
    assert since == "2020-10-18T13:43:23.792000Z"


def order(books: sqlite3.Connection, row: Row) -> dict[str, Any]:
    lines = rows(books, "SELECT * FROM lines WHERE order_number = ? ORDER BY position", row["number"])
    invoices = rows(books, "SELECT number FROM invoices WHERE order_number = ?", row["number"])
    return {
        "id": id_of("Order", f"SO-{row['number']}"),
        "number": f"SO-{row['number']}",
        "placedAt": utc(row["placed"]),
        "status": ORDER_STATES[row["state"]],
        "total": money(row["cents"], row["currency"]),
        "customer": {"number": str(row["customer"])},
        "invoice": {"number": invoices[0]["number"]} if invoices else None,
        "lines": [
            {
                "quantity": line["quantity"],
                "unitPrice": money(line["cents"], row["currency"]),
                "product": {"sku": line["sku"]},
            }
            for line in lines
        ],
    }


ORDER = """id number placedAt status total { amount currency } customer { number } invoice { number }
lines { quantity unitPrice { amount currency } product { sku } }"""


async def test_orders_match_the_shop_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    expected = [order(books, row) for row in rows(books, "SELECT * FROM orders ORDER BY number DESC LIMIT 100")]
    data = await graph.ask(f"{{ orders(first: 100) {{ totalCount nodes {{ {ORDER} }} }} }}")
    assert data["orders"]["nodes"] == expected
    assert data["orders"]["totalCount"] == rows(books, "SELECT count(*) FROM orders")[0][0]
    assert {len(one["lines"]) for one in expected} >= {1, 2, 3}  # a list of one is a list
    assert {one["total"]["currency"] for one in expected} == {"EUR", "CHF"}
    assert {one["invoice"] is None for one in expected} == {True, False}


async def test_order_times_with_summer_and_winter_offsets_become_utc(graph: Gateway, books: sqlite3.Connection) -> None:
    for month, offset in (("01", "+01:00"), ("07", "+02:00")):
        [row] = rows(books, "SELECT * FROM orders WHERE placed LIKE ? LIMIT 1", f"____-{month}-%{offset}")
        data = await graph.ask("query($id: ID!) { order(id: $id) { placedAt } }", id=f"SO-{row['number']}")
        assert data["order"]["placedAt"] == utc(row["placed"]) != row["placed"]


@pytest.mark.parametrize("state", ORDER_STATES)
async def test_orders_filtered_by_status_match_the_shop_rows(
    graph: Gateway, books: sqlite3.Connection, state: str
) -> None:
    query = """query($status: OrderStatus) {
      orders(first: 50, status: $status) { totalCount nodes { number status } }
      customer(id: "10010") { orders(first: 100, status: $status) { totalCount nodes { number } } }
    }"""
    data = await graph.ask(query, status=ORDER_STATES[state])
    expected = rows(books, "SELECT number, customer FROM orders WHERE state = ? ORDER BY number DESC", state)
    numbers = [f"SO-{row['number']}" for row in expected]
    assert data["orders"]["totalCount"] == len(expected)
    assert [one["number"] for one in data["orders"]["nodes"]] == numbers[:50]
    own = [f"SO-{row['number']}" for row in expected if row["customer"] == 10010]
    assert data["customer"]["orders"] == {"totalCount": len(own), "nodes": [{"number": one} for one in own]}


def product(books: sqlite3.Connection, row: Row) -> dict[str, Any]:
    [rating] = rows(books, "SELECT round(avg(stars), 1) AS stars FROM reviews WHERE sku = ?", row["sku"])
    return {
        "id": id_of("Product", row["sku"]),
        "sku": row["sku"],
        "name": row["title"],
        "summary": row["summary"],
        "category": row["category"],
        "price": money(row["cents"], row["currency"]),
        "rating": rating["stars"],
        "stock": stock(books, row["sku"]),
    }


def stock(books: sqlite3.Connection, sku: str) -> dict[str, Any] | None:
    kept = rows(books, "SELECT * FROM stock WHERE sku = ?", sku)
    shelves = rows(books, "SELECT * FROM shelves WHERE sku = ? ORDER BY warehouse", sku)
    if not kept:
        return None
    return {
        "onHand": sum(shelf["quantity"] for shelf in shelves),
        "reserved": kept[0]["reserved"],
        "warehouses": [{"code": shelf["warehouse"], "quantity": shelf["quantity"]} for shelf in shelves],
    }


PRODUCT = """id sku name summary category price { amount currency } rating
stock { onHand reserved warehouses { code quantity } }"""


async def test_products_and_stock_match_the_backend_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    expected = [product(books, row) for row in rows(books, "SELECT * FROM products ORDER BY sku")]
    data = await graph.ask(f"{{ products(first: 100) {{ totalCount nodes {{ {PRODUCT} }} }} }}")
    assert data["products"] == {"totalCount": len(expected), "nodes": expected}
    assert all(one["sku"].startswith("000") for one in expected)
    assert {one["summary"] is None for one in expected} == {one["stock"] is None for one in expected} == {True, False}
    lengths = {len(one["stock"]["warehouses"]) for one in expected if one["stock"]}
    assert lengths == {1, 2, 3}  # a list of one is a list
    assert any(one["rating"] is None for one in expected)


async def test_product_search_matches_names_and_categories(graph: Gateway, books: sqlite3.Connection) -> None:
    found = '{ products(search: "LAMP", category: "light") { totalCount nodes { name category } } }'
    connection = (await graph.ask(found))["products"]
    assert connection["totalCount"] == len(connection["nodes"]) > 0
    assert all("Lamp" in one["name"] and one["category"] == "light" for one in connection["nodes"])
    assert (await graph.ask('{ products(search: "nothing is named so") { totalCount nodes { sku } } }'))[
        "products"
    ] == {
        "totalCount": 0,
        "nodes": [],
    }


def review(row: Row) -> dict[str, Any]:
    return {
        "id": id_of("Review", row["id"]),
        "reference": str(row["id"]),
        "stars": row["stars"],
        "headline": row["headline"],
        "body": row["body"],
        "author": row["author"],
        "createdOn": row["created_on"],
        "product": {"sku": row["sku"]},
    }


async def test_reviews_match_the_catalog_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    fields = "id reference stars headline body author createdOn product { sku }"
    query = f"{{ products(first: 60) {{ nodes {{ sku reviews(first: 100) {{ totalCount nodes {{ {fields} }} }} }} }} }}"
    for one in (await graph.ask(query))["products"]["nodes"]:
        expected = [
            review(row) for row in rows(books, "SELECT * FROM reviews WHERE sku = ? ORDER BY id DESC", one["sku"])
        ]
        assert one["reviews"] == {"totalCount": len(expected), "nodes": expected}
    everything = rows(books, "SELECT * FROM reviews")
    assert any(row["body"] is None for row in everything) and any(row["author"] is None for row in everything)


def invoice(books: sqlite3.Connection, row: Row) -> dict[str, Any]:
    payments = rows(books, "SELECT * FROM payments WHERE invoice = ? ORDER BY position", row["number"])
    return {
        "id": id_of("Invoice", row["number"]),
        "number": row["number"],
        "status": INVOICE_STATES[row["status"]],
        "issuedOn": row["issued_on"],
        "dueOn": row["due_on"],
        "total": money(row["cents"], row["currency"]),
        "payments": [
            {
                "paidOn": payment["paid_on"],
                "amount": money(payment["cents"], row["currency"]),
                "method": payment["method"],
                "reference": payment["reference"],
            }
            for payment in payments
        ],
        "customer": {"number": str(row["customer"])},
        "order": {"number": f"SO-{row['order_number']}"},
    }


INVOICE = """id number status issuedOn dueOn total { amount currency }
payments { paidOn amount { amount currency } method reference } customer { number } order { number }"""


async def test_invoices_and_payments_match_the_billing_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    invoices = f"invoices(first: 20) {{ totalCount nodes {{ {INVOICE} }} }}"
    query = f"{{ customers(first: 40) {{ nodes {{ number {invoices} }} }} }}"
    seen: list[dict[str, Any]] = []
    for one in (await graph.ask(query))["customers"]["nodes"]:
        of = rows(books, "SELECT * FROM invoices WHERE customer = ? ORDER BY number DESC", int(one["number"]))
        expected = [invoice(books, row) for row in of]
        assert one["invoices"] == {"totalCount": len(expected), "nodes": expected[:20]}
        seen += expected
    assert {one["dueOn"] is None for one in seen} == {True, False}
    assert {len(one["payments"]) for one in seen} == {0, 1, 2}  # absent, single and repeated elements
    references = {payment["reference"] is None for one in seen for payment in one["payments"]}
    assert references == {True, False}


async def test_invoice_by_number_matches_the_billing_row(graph: Gateway, books: sqlite3.Connection) -> None:
    [row] = rows(books, "SELECT * FROM invoices WHERE number = '2026-000001'")
    data = await graph.ask(f'{{ invoice(id: "2026-000001") {{ {INVOICE} }} }}')
    assert data["invoice"] == invoice(books, row)


async def test_balances_match_the_open_invoices(graph: Gateway, books: sqlite3.Connection) -> None:
    amounts = "{ amount currency }"
    query = f"{{ customers(first: 40) {{ nodes {{ number balance {{ open {amounts} overdue {amounts} asOf }} }} }} }}"
    for one in (await graph.ask(query))["customers"]["nodes"]:
        number = int(one["number"])
        [row] = rows(
            books,
            "SELECT c.country, coalesce((SELECT sum(cents) FROM invoices WHERE customer = c.number), 0) - coalesce("
            "(SELECT sum(p.cents) FROM payments p JOIN invoices i ON p.invoice = i.number WHERE i.customer = c.number),"
            " 0) AS owed FROM customers c WHERE c.number = ?",
            number,
        )
        currency = "CHF" if row["country"] == "CH" else "EUR"
        assert one["balance"]["open"] == money(row["owed"], currency)
        assert one["balance"]["overdue"]["currency"] == currency
        assert one["balance"]["asOf"] == "2026-10-31"


async def test_engagement_matches_the_marketing_rows(graph: Gateway, books: sqlite3.Connection) -> None:
    query = "{ customers(first: 100) { nodes { number engagement { score lastSeen opens clicks } } } }"
    seen = set()
    for one in (await graph.answer(query))["data"]["customers"]["nodes"]:
        [row] = rows(books, "SELECT * FROM engagement WHERE customer = ?", int(one["number"]))
        expected = {name: row[column] for name, column in ENGAGEMENT.items()}
        assert one["engagement"] == (None if one["number"].endswith("7") else expected)
        seen.add(row["last_seen"] is None)
    assert seen == {True, False}


ENGAGEMENT = {"score": "score", "lastSeen": "last_seen", "opens": "opens", "clicks": "clicks"}


@pytest.mark.parametrize("segment", SEGMENTS)
async def test_customers_filtered_by_segment_match_the_crm_rows(
    graph: Gateway, books: sqlite3.Connection, segment: str
) -> None:
    query = "query($filter: CustomerFilter) { customers(first: 100, filter: $filter) { nodes { number segment } } }"
    connection = (await graph.ask(query, filter={"segment": SEGMENTS[segment]}))["customers"]["nodes"]
    expected = rows(books, "SELECT number FROM customers WHERE segment = ? ORDER BY number LIMIT 100", segment)
    assert connection == [{"number": str(row["number"]), "segment": SEGMENTS[segment]} for row in expected] != []


@pytest.mark.parametrize(
    "text", ["fontaine", "MÜLLER", "o'", "&", "@mail.example", "a&limit=1", "%", "no one is called so"]
)
async def test_customer_search_matches_names_and_mail_addresses(
    graph: Gateway, books: sqlite3.Connection, text: str
) -> None:
    query = "query($text: String) { customers(first: 100, search: $text) { nodes { number } } }"
    connection = (await graph.ask(query, text=text))["customers"]["nodes"]
    everyone = rows(books, "SELECT number, name, mail FROM customers ORDER BY number")
    expected = [row for row in everyone if text.casefold() in f"{row['name']} {row['mail']}".casefold()]
    assert connection == [{"number": str(row["number"])} for row in expected[:100]]
