"""Orders: by number, listed, placed and cancelled; their customer, products and invoice."""

import re
from typing import Annotated

import strawberry

from adapters.billing import Billing
from adapters.catalog import Catalog
from adapters.crm import Crm
from adapters.inventory import Inventory
from adapters.shop import OrderRefused, Shop
from graphfold import After, First, Page, finds, key_of, resolves
from schema.changes import (
    AlreadyShipped,
    CancelOrderInput,
    CancelOrderResult,
    InvalidInput,
    OrderCancelled,
    OrderLineInput,
    OrderPlaced,
    OutOfStock,
    PlaceOrderInput,
    PlaceOrderResult,
    UnknownCustomer,
    UnknownOrder,
)
from schema.customers import Customer
from schema.invoices import Invoice
from schema.orders import Order, OrderConnection, OrderLine, OrderStatus
from schema.products import Product
from schema.roots import Mutation, Query

OrderId = Annotated[strawberry.ID, strawberry.argument(description="The order's id or number.")]
Status = Annotated[OrderStatus | None, strawberry.argument(description="Only orders that have come this far.")]
ToPlace = Annotated[PlaceOrderInput, strawberry.argument(description="What to order for whom.")]
ToCancel = Annotated[CancelOrderInput, strawberry.argument(description="Which order to cancel.")]

IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,200}")
"""Characters that a header may have, since the shop takes the key in one."""


@resolves(Query)
async def order(id: OrderId, shop: Shop) -> Order | None:
    """One order."""
    return await shop.orders.load(key_of(Order, id))


@finds(Order)
async def order_by_number(number: str, shop: Shop) -> Order:
    return await shop.orders.load(number)


@resolves(Query)
async def orders(shop: Shop, first: First = 20, after: After = None, status: Status = None) -> OrderConnection | None:
    """All orders, newest first."""

    async def fetch(limit: int, offset: int) -> Page[Order]:
        return await shop.all_orders(limit, offset, status)

    of = ("Query.orders", status)
    return await OrderConnection.over_offsets(fetch, first, after, of=of, key=lambda order: order.number)


@resolves(Order)
async def customer(self: Order, crm: Crm) -> Customer | None:
    """Who ordered."""
    return await crm.customers.ref(self.customer_number)


@resolves(Order)
async def invoice(self: Order, billing: Billing) -> Invoice | None:
    """The bill; null until the order is sent."""
    if self.invoice_number is None:
        return None
    return await billing.invoices.load(self.invoice_number)


@resolves(OrderLine)
async def product(self: OrderLine, catalog: Catalog) -> Product | None:
    """What was ordered."""
    return await catalog.products.ref(self.sku)


@resolves(Mutation)
async def place_order(input: ToPlace, shop: Shop, inventory: Inventory) -> PlaceOrderResult | None:
    """Order something for a customer."""
    customer = key_of(Customer, input.customer_id, "input.customerId")
    items = [(_sku(line, index), line.quantity) for index, line in enumerate(input.lines)]
    if not IDEMPOTENCY_KEY.fullmatch(input.idempotency_key):
        message = "The key has to be 1 to 200 characters, letters without accents, digits and signs."
        return InvalidInput(message=message, field="idempotencyKey")
    try:
        placed = await shop.place(customer, items, input.idempotency_key)
    except OrderRefused as refused:
        return _refusal(refused)
    for sku, _ in items:
        inventory.stock.forget(sku)
    return OrderPlaced(order=placed)


@resolves(Mutation)
async def cancel_order(input: ToCancel, shop: Shop, inventory: Inventory) -> CancelOrderResult | None:
    """Cancel an order that was not sent yet. Doing it again changes nothing."""
    try:
        cancelled = await shop.cancel(key_of(Order, input.id, "input.id"))
    except OrderRefused as refused:
        if refused.reason == "UNKNOWN_ORDER":
            return UnknownOrder(message="There is no such order.")
        if refused.reason == "ALREADY_SHIPPED":
            return AlreadyShipped(message="The order was sent already.")
        raise
    for line in cancelled.lines:
        inventory.stock.forget(line.sku)
    return OrderCancelled(order=cancelled)


def _sku(line: OrderLineInput, index: int) -> str:
    return key_of(Product, line.product_id, f"input.lines.{index}.productId")


def _refusal(refused: OrderRefused) -> OutOfStock | UnknownCustomer | InvalidInput:
    """Return the shop's refusal as a member of the result, or raise it where clients cannot expect it."""
    line = f"lines.{refused.item}" if refused.item is not None else "lines"
    match refused.reason:
        case "OUT_OF_STOCK":
            message = f"There is not enough of {refused.sku}."
            return OutOfStock(message=message, sku=refused.sku or "", available=refused.available)
        case "UNKNOWN_CUSTOMER":
            return UnknownCustomer(message="There is no such customer.")
        case "UNKNOWN_SKU":
            return InvalidInput(message=f"{refused.sku} is not sold.", field=f"{line}.productId")
        case "INVALID_QUANTITY":
            return InvalidInput(message="Order 1 to 1,000 pieces.", field=f"{line}.quantity")
        case "NO_ITEMS":
            return InvalidInput(message="Order at least one product.", field="lines")
        case "IDEMPOTENCY_MISMATCH":
            return InvalidInput(message="This key was used for another order.", field="idempotencyKey")
    raise refused
