"""Customers: by number, listed and changed; their orders, invoices and balance."""

from typing import Annotated, Any

import strawberry

from adapters.billing import Billing
from adapters.crm import Crm, CustomerRefused
from adapters.shop import Shop
from graphfold import After, First, Page, finds, key_of, resolves
from graphfold.errors import NotFound
from schema.changes import CustomerUpdated, InvalidInput, UnknownCustomer, UpdateCustomerInput, UpdateCustomerResult
from schema.customers import Customer, CustomerConnection, CustomerFilter
from schema.invoices import Balance, Invoice, InvoiceConnection
from schema.orders import Order, OrderConnection, OrderStatus
from schema.roots import Mutation, Query

CustomerId = Annotated[strawberry.ID, strawberry.argument(description="The customer's id or number.")]
Search = Annotated[str | None, strawberry.argument(description="Only where this text is in the name or mail address.")]
Filter = Annotated[CustomerFilter | None, strawberry.argument(description="Which customers to list.")]
Status = Annotated[OrderStatus | None, strawberry.argument(description="Only orders that have come this far.")]
Change = Annotated[UpdateCustomerInput, strawberry.argument(description="Whom to change, and how.")]

FIELDS = {"name": "profile.displayName", "email": "contact.mail", "phone": "contact.phone", "newsletter": "newsletter"}
"""The CRM's name of each field of the input."""


@resolves(Query)
async def customer(id: CustomerId, crm: Crm) -> Customer | None:
    """One customer."""
    return await crm.customers.load(key_of(Customer, id))


@finds(Customer)
async def customer_by_number(number: str, crm: Crm) -> Customer:
    return await crm.customers.load(number)


@resolves(Query)
async def customers(
    crm: Crm, first: First = 20, after: After = None, search: Search = None, filter: Filter = None
) -> CustomerConnection | None:
    """Customers, in the order of their numbers."""
    segment = filter.segment if filter else None

    async def fetch(limit: int, cursor: str | None) -> Page[Customer]:
        return await crm.listing(limit, cursor, search, segment)

    return await CustomerConnection.over_cursors(fetch, first, after, of=("Query.customers", search, segment))


@resolves(Customer)
async def orders(
    self: Customer, shop: Shop, first: First = 20, after: After = None, status: Status = None
) -> OrderConnection | None:
    """What the customer ordered, newest first."""

    async def fetch(limit: int, offset: int) -> Page[Order]:
        return await shop.orders_of.load(self.number, limit=limit, offset=offset, status=status)

    of = ("Customer.orders", self.number, status)
    return await OrderConnection.over_offsets(fetch, first, after, of=of, key=lambda order: order.number)


@resolves(Customer)
async def invoices(
    self: Customer, billing: Billing, first: First = 20, after: After = None
) -> InvoiceConnection | None:
    """What the customer was billed, newest first."""

    async def fetch(limit: int, offset: int) -> Page[Invoice]:
        page = await billing.invoices_of.find(self.number, limit=limit, offset=offset)
        return page or Page([], total=0)

    of = ("Customer.invoices", self.number)
    return await InvoiceConnection.over_offsets(fetch, first, after, of=of, key=lambda invoice: invoice.number)


@resolves(Customer)
async def balance(self: Customer, billing: Billing) -> Balance | None:
    """What the customer owes."""
    return await billing.balances.find(self.number)


@resolves(Mutation)
async def update_customer(input: Change, crm: Crm) -> UpdateCustomerResult | None:
    """Change a customer's data."""
    try:
        changed = await crm.change(key_of(Customer, input.id, "input.id"), _patch(input))
    except NotFound:
        return UnknownCustomer(message="There is no such customer.")
    except CustomerRefused as refused:
        name = next((name for name, crm_name in FIELDS.items() if crm_name == refused.field), None)
        return InvalidInput(message=f"The {name or 'change'} cannot be taken.", field=name)
    return CustomerUpdated(customer=changed)


def _patch(change: UpdateCustomerInput) -> dict[str, Any]:
    """Return the change in the CRM's form, without the fields that stay unchanged."""
    groups = {
        "profile": _sent_fields(displayName=change.name),
        "contact": _sent_fields(mail=change.email, phone=change.phone),
    }
    flags = {} if change.newsletter in (strawberry.UNSET, None) else {"newsletter": "Y" if change.newsletter else "N"}
    return {name: part for name, part in groups.items() if part} | flags


def _sent_fields(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not strawberry.UNSET}
