"""The billing backend: SOAP 1.2 with HTTP Basic, one customer or one invoice per call, exact decimals."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sandbox.authorization import basic
from sandbox.credentials import BILLING_PASSWORD, BILLING_USERNAME
from sandbox.database import key_number
from sandbox.days import LATEST, day
from sandbox.envelopes import SOAP12, Blame, Element, SoapFault, elements
from sandbox.messages import Request, Response, text_response
from sandbox.money import currency_in, decimal
from sandbox.soap import SoapService, text_of

MOST_INVOICES = 200

ledger = elements("http://ledger.example/billing/2019/07", "led")


class Billing(SoapService):
    """The SOAP operations ListInvoices, GetInvoice and GetBalance under `/billing`."""

    name = "billing"
    version = SOAP12
    wsdl = Path(__file__).with_name("billing.wsdl")

    def __init__(self, database: sqlite3.Connection) -> None:
        operations = {"ListInvoices": self._list, "GetInvoice": self._get, "GetBalance": self._balance}
        super().__init__(operations)
        self._database = database

    def refusal(self, request: Request) -> Response | None:
        if basic(request) == (BILLING_USERNAME, BILLING_PASSWORD):
            return None
        return text_response("Authorization required", 401, {"WWW-Authenticate": 'Basic realm="billing"'})

    def _list(self, request: Element) -> Element:
        customer = self._customer(request)
        start, count = int(text_of(request, "From")), int(text_of(request, "Count"))
        if count > MOST_INVOICES:
            raise SoapFault(Blame.CLIENT, f"Count is at most {MOST_INVOICES}, got {count}", status=413)
        rows = self._database.execute(
            "SELECT * FROM invoices WHERE customer = ? ORDER BY number DESC LIMIT ? OFFSET ?",
            (customer["number"], count, start),
        ).fetchall()
        total = self._database.execute("SELECT count(*) FROM invoices WHERE customer = ?", (customer["number"],))
        found = ledger("Invoices", *map(self._invoice, rows), total=str(total.fetchone()[0]))
        return ledger("ListInvoicesResponse", found)

    def _get(self, request: Element) -> Element:
        number = text_of(request, "InvoiceNo")
        row = self._database.execute("SELECT * FROM invoices WHERE number = ?", (number,)).fetchone()
        if row is None:
            detail = ledger("UnknownInvoice", ledger("InvoiceNo", number))
            raise SoapFault(Blame.CLIENT, f"There is no invoice {number}", detail=detail)
        return ledger("GetInvoiceResponse", self._invoice(row))

    def _balance(self, request: Element) -> Element:
        customer, closed = self._customer(request), day(LATEST)
        open_cents, overdue = self._database.execute(BALANCE, (closed, customer["number"])).fetchone()
        return ledger(
            "GetBalanceResponse",
            ledger(
                "Balance",
                ledger("Open", decimal(open_cents)),
                ledger("Overdue", decimal(overdue)),
                ledger("AsOf", closed),
                currency=currency_in(customer["country"]),
            ),
        )

    def _customer(self, request: Element) -> sqlite3.Row:
        number = text_of(request, "CustomerNo")
        row: sqlite3.Row | None = self._database.execute(
            "SELECT number, country FROM customers WHERE number = ?", (key_number(number),)
        ).fetchone()
        if row is None:
            detail = ledger("UnknownCustomer", ledger("CustomerNo", number))
            raise SoapFault(Blame.CLIENT, f"There is no customer {number}", detail=detail)
        return row

    def _invoice(self, row: sqlite3.Row) -> Element:
        payments = self._database.execute(
            "SELECT * FROM payments WHERE invoice = ? ORDER BY position", (row["number"],)
        )
        return ledger(
            "Invoice",
            ledger("Number", row["number"]),
            ledger("CustomerNo", str(row["customer"])),
            ledger("OrderNo", f"SO-{row['order_number']}"),
            ledger("IssuedOn", row["issued_on"]),
            ledger("DueOn", row["due_on"]),
            ledger("Total", decimal(row["cents"])),
            ledger("Payments", *map(_payment, payments)),
            currency=row["currency"],
            status=row["status"],
        )


BALANCE = """
SELECT coalesce(sum(left), 0), coalesce(sum(left) FILTER (WHERE due_on < ?), 0) FROM (
    SELECT i.due_on, i.cents - coalesce((SELECT sum(p.cents) FROM payments p WHERE p.invoice = i.number), 0) AS left
    FROM invoices i WHERE i.customer = ?
)
"""


def _payment(row: sqlite3.Row) -> Element:
    return ledger(
        "Payment",
        ledger("PaidOn", row["paid_on"]),
        ledger("Amount", decimal(row["cents"])),
        ledger("Reference", row["reference"]),
        method=row["method"],
    )
