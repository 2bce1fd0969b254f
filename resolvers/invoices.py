"""Invoices: by number, with the customer and the order they are for."""

from typing import Annotated

import strawberry

from adapters.billing import Billing
from adapters.crm import Crm
from adapters.shop import Shop
from graphfold import finds, key_of, resolves
from schema.customers import Customer
from schema.invoices import Invoice
from schema.orders import Order
from schema.roots import Query

InvoiceId = Annotated[strawberry.ID, strawberry.argument(description="The invoice's id or number.")]


@resolves(Query)
async def invoice(id: InvoiceId, billing: Billing) -> Invoice | None:
    """One invoice."""
    return await billing.invoices.load(key_of(Invoice, id))


@finds(Invoice)
async def invoice_by_number(number: str, billing: Billing) -> Invoice:
    return await billing.invoices.load(number)


@resolves(Invoice)
async def customer(self: Invoice, crm: Crm) -> Customer | None:
    """Who has to pay."""
    return await crm.customers.ref(self.customer_number)


@resolves(Invoice)
async def order(self: Invoice, shop: Shop) -> Order | None:
    """What it is for."""
    return await shop.orders.load(self.order_number)
