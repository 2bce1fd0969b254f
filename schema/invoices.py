"""Invoices: what customers owe and have paid."""

from datetime import date
from enum import Enum

import strawberry

from graphfold import CountedConnection, Node
from schema.money import Money


@strawberry.enum(description="Whether an invoice is paid.")
class InvoiceStatus(Enum):
    OPEN = strawberry.enum_value("open", description="Nothing has been paid.")
    PARTLY_PAID = strawberry.enum_value("partly paid", description="Some of it has been paid.")
    PAID = strawberry.enum_value("paid", description="All of it has been paid.")


@strawberry.enum(description="How a payment came.")
class PaymentMethod(Enum):
    TRANSFER = strawberry.enum_value("transfer", description="The customer sent it from a bank.")
    DEBIT = strawberry.enum_value("debit", description="It was taken from the customer's account.")
    CARD = strawberry.enum_value("card", description="It was paid by card.")


@strawberry.type(description="Money that came in for an invoice.")
class Payment:
    paid_on: date = strawberry.field(description="The day it came in.")
    amount: Money = strawberry.field(description="How much it was.")
    method: PaymentMethod = strawberry.field(description="How it came.")
    reference: str | None = strawberry.field(description="What the payer wrote on it.")


@strawberry.type(description="What a customer owes for an order.")
class Invoice(Node, key="number"):
    number: str = strawberry.field(description="The invoice number.")
    status: InvoiceStatus = strawberry.field(description="Whether it is paid.")
    issued_on: date = strawberry.field(description="The day it was written.")
    due_on: date | None = strawberry.field(description="The day it has to be paid; null where it was paid in advance.")
    total: Money = strawberry.field(description="What it asks for.")
    payments: list[Payment] = strawberry.field(description="What has come in for it.")
    customer_number: strawberry.Private[str]
    order_number: strawberry.Private[str]


InvoiceConnection = CountedConnection[Invoice]


@strawberry.type(description="What a customer owes altogether.")
class Balance:
    open: Money = strawberry.field(description="What is not paid yet.")
    overdue: Money = strawberry.field(description="What should have been paid by now.")
    as_of: date = strawberry.field(description="The day this was true.")
