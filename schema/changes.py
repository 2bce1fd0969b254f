"""Changes: the inputs and results of mutations. A refusal that clients should expect is a result, not an error."""

from typing import Annotated

import strawberry

from schema.customers import Customer
from schema.orders import Order


@strawberry.type(description="Something that was sent cannot be used.")
class InvalidInput:
    message: str = strawberry.field(description="What is wrong, for a person.")
    field: str | None = strawberry.field(description="The input's field it is about, where there is one.")


@strawberry.type(description="There is no such customer.")
class UnknownCustomer:
    message: str = strawberry.field(description="What is wrong, for a person.")


@strawberry.type(description="There is no such order.")
class UnknownOrder:
    message: str = strawberry.field(description="What is wrong, for a person.")


@strawberry.type(description="There is not enough of a product.")
class OutOfStock:
    message: str = strawberry.field(description="What is wrong, for a person.")
    sku: str = strawberry.field(description="The product it is about.")
    available: int | None = strawberry.field(description="How many pieces there are.")


@strawberry.type(description="The order is on its way and cannot be cancelled any more.")
class AlreadyShipped:
    message: str = strawberry.field(description="What is wrong, for a person.")


@strawberry.type(description="There is no such reservation, or it was released already.")
class UnknownReservation:
    message: str = strawberry.field(description="What is wrong, for a person.")


@strawberry.type(description="The customer as it is now.")
class CustomerUpdated:
    customer: Customer = strawberry.field(description="The changed customer.")


@strawberry.type(description="The order that was placed.")
class OrderPlaced:
    order: Order = strawberry.field(description="The new order, or the one placed before with the same key.")


@strawberry.type(description="The order is cancelled.")
class OrderCancelled:
    order: Order = strawberry.field(description="The order as it is now.")


@strawberry.type(description="Pieces are kept for you.")
class StockReserved:
    reservation: str = strawberry.field(description="The reservation's number, with which it is released.")
    sku: strawberry.Private[str]


@strawberry.type(description="A reservation is given up.")
class StockReleased:
    quantity: int = strawberry.field(description="How many pieces are free again.")


UpdateCustomerResult = Annotated[
    CustomerUpdated | UnknownCustomer | InvalidInput,
    strawberry.union("UpdateCustomerResult", description="What became of changing a customer."),
]
PlaceOrderResult = Annotated[
    OrderPlaced | OutOfStock | UnknownCustomer | InvalidInput,
    strawberry.union("PlaceOrderResult", description="What became of placing an order."),
]
CancelOrderResult = Annotated[
    OrderCancelled | AlreadyShipped | UnknownOrder,
    strawberry.union("CancelOrderResult", description="What became of cancelling an order."),
]

ReserveStockResult = Annotated[
    StockReserved | OutOfStock | InvalidInput,
    strawberry.union("ReserveStockResult", description="What became of reserving stock."),
]
ReleaseStockResult = Annotated[
    StockReleased | UnknownReservation,
    strawberry.union("ReleaseStockResult", description="What became of giving up a reservation."),
]


@strawberry.input(description="What to change about a customer; what is left out stays as it is.")
class UpdateCustomerInput:
    id: strawberry.ID = strawberry.field(description="The customer's id or number.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="The new name.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="The new mail address.")
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="The new number; null removes it.")
    newsletter: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether to send the newsletter.")


@strawberry.input(description="One product to order.")
class OrderLineInput:
    product_id: strawberry.ID = strawberry.field(description="The product's id or SKU.")
    quantity: int = strawberry.field(description="How many pieces, 1 to 1,000.")


@strawberry.input(description="What to order for whom.")
class PlaceOrderInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer's id or number.")
    lines: list[OrderLineInput] = strawberry.field(description="What to order.")
    idempotency_key: str = strawberry.field(
        description="A text of your choice, new for each order: sending the same one again places no second order."
    )


@strawberry.input(description="Which order to cancel.")
class CancelOrderInput:
    id: strawberry.ID = strawberry.field(description="The order's id or number.")


@strawberry.input(description="What to keep for you.")
class ReserveStockInput:
    product_id: strawberry.ID = strawberry.field(description="The product's id or SKU.")
    quantity: int = strawberry.field(description="How many pieces, at least 1.")


@strawberry.input(description="Which reservation to give up.")
class ReleaseStockInput:
    reservation: str = strawberry.field(description="The reservation's number.")
