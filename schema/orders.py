"""Orders: what customers bought, line by line."""

from datetime import datetime
from enum import Enum

import strawberry

from graphfold import CountedConnection, Node
from schema.money import Money


@strawberry.enum(description="How far an order has come.")
class OrderStatus(Enum):
    NEW = strawberry.enum_value("new", description="Placed; nothing has happened yet.")
    PACKED = strawberry.enum_value("packed", description="Lies packed in the warehouse.")
    SENT = strawberry.enum_value("sent", description="Is on its way.")
    DELIVERED = strawberry.enum_value("delivered", description="Has arrived.")
    CANCELLED = strawberry.enum_value("cancelled", description="Will not be sent.")


@strawberry.type(description="One product of an order.")
class OrderLine:
    quantity: int = strawberry.field(description="How many pieces.")
    unit_price: Money = strawberry.field(description="The price of one piece when it was ordered.")
    sku: strawberry.Private[str]


@strawberry.type(description="What a customer bought at one time.")
class Order(Node, key="number"):
    number: str = strawberry.field(description="The order number.")
    placed_at: datetime = strawberry.field(description="When it was placed.")
    status: OrderStatus = strawberry.field(description="How far it has come.")
    total: Money = strawberry.field(description="What it costs altogether.")
    lines: list[OrderLine] = strawberry.field(description="What was ordered.")
    customer_number: strawberry.Private[str]
    invoice_number: strawberry.Private[str | None]


OrderConnection = CountedConnection[Order]
