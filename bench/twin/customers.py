"""Customers and the fields that lead from them to other types."""

from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import strawberry

from bench.twin.lists import CountedConnection, global_id
from bench.twin.sales import Balance, Invoice, Order

Info = strawberry.Info[Any, Any]


@strawberry.enum
class Segment(Enum):
    RETAIL = "RETAIL"
    BUSINESS = "BUSINESS"
    KEY_ACCOUNT = "KEY"


@strawberry.type
class Address:
    street: str
    postal_code: str
    city: str
    country_code: str


@strawberry.type
class Engagement:
    score: float
    last_seen: date | None
    opens: int
    clicks: int


@strawberry.type
class Customer:
    number: str
    name: str
    email: str | None
    phone: str | None
    language: str
    segment: Segment
    since: datetime
    newsletter: bool
    vip: bool
    address: Address | None

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("Customer", self.number)

    @strawberry.field
    async def orders(self, info: Info, first: int = 20, after: str | None = None) -> CountedConnection[Order] | None:
        found: CountedConnection[Order] = await info.context["loaders"].orders.load((self.number, first, after))
        return found

    @strawberry.field
    async def invoices(
        self, info: Info, first: int = 20, after: str | None = None
    ) -> CountedConnection[Invoice] | None:
        found: CountedConnection[Invoice] = await info.context["loaders"].invoices.load((self.number, first, after))
        return found

    @strawberry.field
    async def balance(self, info: Info) -> Balance | None:
        found: Balance | None = await info.context["loaders"].balances.load(self.number)
        return found

    @strawberry.field
    async def engagement(self, info: Info) -> Engagement | None:
        found: Engagement | None = await info.context["loaders"].engagement.load(self.number)
        return found


def customer_from(record: dict[str, Any]) -> Customer:
    profile, contact, lives = record["profile"], record["contact"], record["address"]
    return Customer(
        number=record["custNo"],
        name=profile["displayName"],
        email=contact["mail"],
        phone=contact["phone"],
        language=profile["language"],
        segment=Segment(profile["segment"]),
        since=datetime.fromtimestamp(record["registeredAt"] / 1000, UTC),
        newsletter=record["newsletter"] == "Y",
        vip=record["vip"] == "Y",
        address=Address(
            street=lives["line1"],
            postal_code=lives["zip"],
            city=lives["town"],
            country_code=lives["countryCode"],
        ),
    )


def engagement_from(entry: dict[str, Any]) -> Engagement:
    seen = entry["lastSeen"] and date.fromisoformat(entry["lastSeen"])
    return Engagement(score=entry["score"], last_seen=seen, opens=entry["opens"], clicks=entry["clicks"])
