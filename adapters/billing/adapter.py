"""Invoices and balances from the billing, which takes one key a call: a batch makes up to eight calls at once."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from graphfold import Keys, Page, Row, SoapAdapter, SoapFault, Wire, batch, each
from graphfold.conversions import codes
from graphfold.credentials import Basic
from graphfold.errors import BackendBadReply, BackendError, GraphError, NotFound
from graphfold.manifest import Manifest
from graphfold.resilience import Resilience
from graphfold.scalars import Currency
from schema.invoices import Balance, Invoice, InvoiceStatus, Payment, PaymentMethod
from schema.money import Money

STATUSES = codes({"OPEN": InvoiceStatus.OPEN, "PART": InvoiceStatus.PARTLY_PAID, "PAID": InvoiceStatus.PAID})
METHODS = codes({"TRANSFER": PaymentMethod.TRANSFER, "DEBIT": PaymentMethod.DEBIT, "CARD": PaymentMethod.CARD})
UNKNOWN = {"UnknownCustomer", "UnknownInvoice"}
"""Names of the fault details that the WSDL declares. A server may use them as fault codes, too."""


class PaymentRow(Row[Any]):
    paid_on: Annotated[date, Wire("PaidOn")]
    amount: Annotated[Decimal, Wire("Amount")]
    method: Annotated[PaymentMethod, Wire("@method", METHODS)]
    reference: Annotated[str | None, Wire("Reference")]


class InvoiceRow(Row[Invoice], key="number"):
    number: Annotated[str, Wire("Number")]
    customer_number: Annotated[str, Wire("CustomerNo")]
    order_number: Annotated[str, Wire("OrderNo")]
    status: Annotated[InvoiceStatus, Wire("@status", STATUSES)]
    issued_on: Annotated[date, Wire("IssuedOn")]
    due_on: Annotated[date | None, Wire("DueOn")]
    total: Annotated[Decimal, Wire("Total")]
    currency: Annotated[Currency, Wire("@currency")]
    payments: Annotated[list[PaymentRow], Wire("Payments.Payment")]

    def domain(self) -> Invoice:
        return Invoice(
            number=self.number,
            status=self.status,
            issued_on=self.issued_on,
            due_on=self.due_on,
            total=Money(amount=self.total, currency=self.currency),
            payments=[self._payment(row) for row in self.payments],
            customer_number=self.customer_number,
            order_number=self.order_number,
        )

    def _payment(self, row: PaymentRow) -> Payment:
        amount = Money(amount=row.amount, currency=self.currency)
        return Payment(paid_on=row.paid_on, amount=amount, method=row.method, reference=row.reference)


class InvoiceListRow(Row[Any]):
    total: Annotated[int, Wire("@total")]
    invoices: Annotated[list[InvoiceRow], Wire("Invoice")]


class BalanceRow(Row[Balance]):
    open: Annotated[Decimal, Wire("Open")]
    overdue: Annotated[Decimal, Wire("Overdue")]
    as_of: Annotated[date, Wire("AsOf")]
    currency: Annotated[Currency, Wire("@currency")]

    def domain(self) -> Balance:
        owed = Money(amount=self.open, currency=self.currency)
        late = Money(amount=self.overdue, currency=self.currency)
        return Balance(open=owed, overdue=late, as_of=self.as_of)


class Billing(SoapAdapter):
    manifest = Manifest(
        owner="finance-systems",
        contact="finance-systems@company.example",
        version="v1",
        runbook="https://runbooks.company.example/billing",
        level="gold",
    )
    identity = "service"
    credential = Basic()
    resilience = Resilience(parallel=8)
    wsdl = Path(__file__).with_name("billing.wsdl")

    @batch(ttl=30, share="public")
    async def invoices(self, numbers: Keys[str]) -> dict[str, InvoiceRow | BackendError]:
        """Invoices by number, a call each."""

        async def of_one(number: str) -> InvoiceRow:
            invoice = await self.invoke("GetInvoice", InvoiceRow, InvoiceNo=number)
            _check_key(number, [invoice.number])
            return invoice

        return await each(numbers, of_one)

    @batch(ttl=30, share="public")
    async def invoices_of(
        self, customers: Keys[str], *, limit: int, offset: int
    ) -> dict[str, Page[InvoiceRow] | BackendError]:
        """Each customer's invoices, newest first, a call each."""

        async def of_one(customer: str) -> Page[InvoiceRow]:
            listed = await self.invoke(
                "ListInvoices", InvoiceListRow, at="Invoices", CustomerNo=customer, From=offset, Count=limit
            )
            _check_key(customer, [invoice.customer_number for invoice in listed.invoices])
            return Page(listed.invoices, total=listed.total)

        return await each(customers, of_one)

    @batch(ttl=30, share="public")
    async def balances(self, customers: Keys[str]) -> dict[str, BalanceRow | BackendError]:
        """What each customer owes, a call each."""
        return await each(customers, lambda customer: self.invoke("GetBalance", BalanceRow, CustomerNo=customer))

    def fault(self, fault: SoapFault) -> GraphError:
        if UNKNOWN & {*fault.codes, *fault.detail}:
            return NotFound("The billing does not know it.")
        return super().fault(fault)


def _check_key(requested: str, answered: list[str]) -> None:
    """Refuse an answer for another key."""
    if any(key != requested for key in answered):
        raise BackendBadReply("The billing answered another key than it was asked for.", internal=f"asked {requested}")
