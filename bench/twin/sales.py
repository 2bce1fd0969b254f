"""Orders with their lines, invoices with their payments."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry

from bench.twin.catalog import Money, Product
from bench.twin.lists import global_id


@strawberry.enum
class OrderStatus(Enum):
    NEW = "NEW"
    PACKED = "PACKED"
    SENT = "SENT"
    DELIVERED = "DONE"
    CANCELLED = "CANC"


@strawberry.enum
class InvoiceStatus(Enum):
    OPEN = "OPEN"
    PARTLY_PAID = "PART"
    PAID = "PAID"


@strawberry.enum
class PaymentMethod(Enum):
    TRANSFER = "TRANSFER"
    DEBIT = "DEBIT"
    CARD = "CARD"


@strawberry.type
class OrderLine:
    sku: strawberry.Private[str]
    quantity: int
    unit_price: Money

    @strawberry.field
    async def product(self, info: strawberry.Info[Any, Any]) -> Product | None:
        found: Product | None = await info.context["loaders"].products.load(self.sku)
        return found


@strawberry.type
class Order:
    number: str
    placed_at: datetime
    status: OrderStatus
    total: Money
    lines: list[OrderLine]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("Order", self.number)


def order_from(row: dict[str, Any]) -> Order:
    return Order(
        number=row["orderNo"],
        placed_at=datetime.fromisoformat(row["placed"]),
        status=OrderStatus(row["state"]),
        total=cents(row["sum"]),
        lines=[OrderLine(sku=i["sku"], quantity=i["qty"], unit_price=cents(i["unit"])) for i in row["items"]],
    )


def cents(money: dict[str, Any]) -> Money:
    return Money(amount=Decimal(money["cents"]).scaleb(-2), currency=money["cur"])


@strawberry.type
class Payment:
    paid_on: date
    amount: Money
    method: PaymentMethod
    reference: str | None


@strawberry.type
class Invoice:
    number: str
    status: InvoiceStatus
    issued_on: date
    due_on: date | None
    total: Money
    payments: list[Payment]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("Invoice", self.number)


@strawberry.type
class Balance:
    open: Money
    overdue: Money
    as_of: date


def invoice_from(element: Any) -> Invoice:
    payments = element.Payments.Payment if element.Payments is not None else []
    return Invoice(
        number=element.Number,
        status=InvoiceStatus(element.status),
        issued_on=element.IssuedOn,
        due_on=element.DueOn,
        total=Money(amount=element.Total, currency=element.currency),
        payments=[payment_from(payment, element.currency) for payment in payments],
    )


def payment_from(element: Any, currency: Any) -> Payment:
    amount = Money(amount=element.Amount, currency=currency)
    return Payment(
        paid_on=element.PaidOn, amount=amount, method=PaymentMethod(element.method), reference=element.Reference
    )


def balance_from(element: Any) -> Balance:
    owed, late = (Money(amount=amount, currency=element.currency) for amount in (element.Open, element.Overdue))
    return Balance(open=owed, overdue=late, as_of=element.AsOf)
