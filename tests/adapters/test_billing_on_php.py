"""The billing adapter against PHP's SoapServer, whose SOAP 1.2 must give the same answers as the sandbox's."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.credentials import BILLING_PASSWORD, BILLING_USERNAME
from tests.adapters.peers import php
from tests.e2e.gateway import ROOT, Gateway, calls, gateway

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MONEY = "{ amount currency }"
INVOICE = f"number status issuedOn dueOn total {MONEY} payments {{ paidOn amount {MONEY} method reference }}"
CUSTOMERS = f"""{{ customers(first: 15) {{ nodes {{
  balance {{ open {MONEY} overdue {MONEY} asOf }}
  invoices(first: 3) {{ totalCount nodes {{ {INVOICE} }} }}
}} }} }}"""

ONE = f'{{ invoice(id: "2026-000001") {{ {INVOICE} }} }}'
WSDL = ROOT / "adapters" / "billing" / "billing.wsdl"

Json = dict[str, Any]
ServeLedger = Callable[..., AbstractAsyncContextManager[Gateway]]

EMPTY: Json = {
    "username": BILLING_USERNAME,
    "password": BILLING_PASSWORD,
    "invoices": {},
    "lists": {},
    "balances": {},
}


def decimal(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def ledger(books: sqlite3.Connection, balances: Json) -> Json:
    """Return the sandbox's invoices of these customers in the form that PHP encodes by the WSDL."""
    lists, invoices = {}, {}
    for customer in balances:
        rows = books.execute(
            "SELECT * FROM invoices WHERE customer = ? ORDER BY number DESC", (int(customer),)
        ).fetchall()
        lists[customer] = [row["number"] for row in rows]
        invoices.update({row["number"]: invoice(books, row) for row in rows})
    return EMPTY | {"invoices": invoices, "lists": lists, "balances": balances}


def invoice(books: sqlite3.Connection, row: sqlite3.Row) -> Json:
    paid = books.execute("SELECT * FROM payments WHERE invoice = ? ORDER BY position", (row["number"],))
    payments = [
        {
            "PaidOn": payment["paid_on"],
            "Amount": decimal(payment["cents"]),
            "Reference": payment["reference"],
            "method": payment["method"],
        }
        for payment in paid
    ]
    return {
        "Number": row["number"],
        "CustomerNo": str(row["customer"]),
        "OrderNo": f"SO-{row['order_number']}",
        "IssuedOn": row["issued_on"],
        "DueOn": row["due_on"],
        "Total": decimal(row["cents"]),
        "Payments": {"Payment": payments},
        "currency": row["currency"],
        "status": row["status"],
    }


def balances_in(answer: Json) -> Json:
    """Return the balances of the sandbox's answer in PHP's form."""
    return {
        str(10001 + index): {
            "Open": balance["open"]["amount"],
            "Overdue": balance["overdue"]["amount"],
            "AsOf": balance["asOf"],
            "currency": balance["open"]["currency"],
        }
        for index, balance in enumerate(node["balance"] for node in answer["customers"]["nodes"])
    }


@pytest.fixture
async def expected(graph: Gateway) -> Json:
    return await graph.ask(CUSTOMERS)


@pytest.fixture
def serve_ledger(shared_sandbox: str, tmp_path: Path) -> ServeLedger:
    """Return a context manager: `async with serve_ledger(ledger) as graph` runs the graph over PHP with that ledger."""
    file = tmp_path / "books.json"

    @asynccontextmanager
    async def served(ledger: Json, **settings: str) -> AsyncIterator[Gateway]:
        file.write_text(json.dumps(ledger))
        with php("billing.php", {"BILLING_WSDL": str(WSDL), "BILLING_BOOKS": str(file)}) as url:
            async with gateway(shared_sandbox, GRAPHFOLD_BILLING_URL=url, **settings) as graph:
                yield graph

    return served


async def test_php_gives_the_same_answer_as_the_sandbox(
    serve_ledger: ServeLedger, books: sqlite3.Connection, expected: Json
) -> None:
    async with serve_ledger(ledger(books, balances_in(expected))) as graph:
        assert await graph.ask(CUSTOMERS) == expected
        assert await graph.calls() == calls(crm=2)


async def test_invoice_by_number(serve_ledger: ServeLedger, books: sqlite3.Connection, graph: Gateway) -> None:
    [row] = books.execute("SELECT * FROM invoices WHERE number = '2026-000001'")
    async with serve_ledger(EMPTY | {"invoices": {row["number"]: invoice(books, row)}}) as other:
        assert await other.ask(ONE) == await graph.ask(ONE)


async def test_unknown_invoice_and_customer(serve_ledger: ServeLedger) -> None:
    async with serve_ledger(EMPTY) as graph:
        [error] = (await graph.answer(ONE))["errors"]
        assert error["extensions"]["code"] == "NOT_FOUND"
        data = await graph.ask(
            '{ customer(id: "10001") { balance { asOf } invoices { totalCount nodes { number } } } }'
        )
    assert data["customer"] == {"balance": None, "invoices": {"totalCount": 0, "nodes": []}}


async def test_texts_and_numbers_arrive_unchanged(serve_ledger: ServeLedger, books: sqlite3.Connection) -> None:
    texts = ["", "  ", " a b ", "0012", "<&>\"'", "Łódź / SO-1", None]
    payments = [{"PaidOn": "2026-01-02", "Amount": "-0.10", "Reference": text, "method": "CARD"} for text in texts]
    [row] = books.execute("SELECT * FROM invoices WHERE number = '2026-000001'")
    edited = invoice(books, row) | {"Total": "12345678901234567890.10", "Payments": {"Payment": payments}}
    async with serve_ledger(EMPTY | {"invoices": {"2026-000001": edited}}) as graph:
        answer = (await graph.ask(ONE))["invoice"]
    assert [payment["reference"] for payment in answer["payments"]] == texts
    assert {payment["amount"]["amount"] for payment in answer["payments"]} == {"-0.10"}
    assert answer["total"]["amount"] == "12345678901234567890.10"


async def test_wrong_password_is_reported_as_credentials(serve_ledger: ServeLedger) -> None:
    async with serve_ledger(EMPTY, GRAPHFOLD_BILLING_PASSWORD="wrong") as graph:
        [error] = (await graph.answer(ONE))["errors"]
    assert error["extensions"]["code"] == "BACKEND_CREDENTIALS"
