"""Customers: who buys."""

from datetime import datetime
from enum import Enum

import strawberry

from graphfold import Connection, Node


@strawberry.enum(description="What kind of customer it is.")
class Segment(Enum):
    RETAIL = strawberry.enum_value("retail", description="A person who buys for herself.")
    BUSINESS = strawberry.enum_value("business", description="A company.")
    KEY_ACCOUNT = strawberry.enum_value("key account", description="A company with a manager of its own.")


@strawberry.type(description="A postal address.")
class Address:
    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="The postal code, leading zeros kept.")
    city: str = strawberry.field(description="The town.")
    country_code: str = strawberry.field(description="The country, two letters (ISO 3166).")


@strawberry.type(description="Somebody who buys.")
class Customer(Node, key="number"):
    number: str = strawberry.field(description="The customer number, as on every letter.")
    name: str = strawberry.field(description="The name as the customer wants to be addressed.")
    email: str | None = strawberry.field(description="The mail address.")
    phone: str | None = strawberry.field(description="The telephone number, where it is known.")
    language: str = strawberry.field(description="The language to write in, two letters (ISO 639).")
    segment: Segment = strawberry.field(description="What kind of customer it is.")
    since: datetime = strawberry.field(description="When the customer was registered.")
    newsletter: bool = strawberry.field(description="Does the customer want the newsletter?")
    vip: bool = strawberry.field(description="Is the customer to be served first?")
    address: Address | None = strawberry.field(description="Where to send things.")


CustomerConnection = Connection[Customer]


@strawberry.input(description="Which customers to list.")
class CustomerFilter:
    segment: Segment | None = strawberry.field(default=None, description="Only this kind.")
