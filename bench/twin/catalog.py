"""Products, their stock and their reviews."""

from datetime import date
from decimal import Decimal
from typing import Any, NewType

import strawberry

from bench.twin.lists import CountedConnection, counted, global_id

Currency = NewType("Currency", str)

REVIEW = "id stars headline body author createdOn"
PRODUCT = "skuCode title summary category rating listPrice { value currency }"


@strawberry.type
class Money:
    amount: Decimal
    currency: Currency


@strawberry.type
class WarehouseStock:
    code: str
    quantity: int


@strawberry.type
class Stock:
    on_hand: int
    reserved: int
    warehouses: list[WarehouseStock]


def stock_from(level: Any) -> Stock:
    lying = [WarehouseStock(code=one.Code, quantity=one.Quantity) for one in level.Warehouse]
    return Stock(on_hand=level.OnHand, reserved=level.Reserved, warehouses=lying)


@strawberry.type
class Review:
    reference: str
    stars: int
    headline: str
    body: str | None
    author: str | None
    created_on: date

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("Review", self.reference)


def review_from(item: dict[str, Any]) -> Review:
    return Review(
        reference=item["id"],
        stars=item["stars"],
        headline=item["headline"],
        body=item["body"],
        author=item["author"],
        created_on=date.fromisoformat(item["createdOn"]),
    )


def reviews_from(page: dict[str, Any], after: str | None) -> CountedConnection[Review]:
    nodes, positions = [review_from(item) for item in page["items"]], [item["cursor"] for item in page["items"]]
    return counted(nodes, positions, page["total"], page["hasMore"], after)


@strawberry.type
class Product:
    sku: str
    name: str
    summary: str | None
    category: str
    price: Money
    rating: float | None

    @strawberry.field
    def id(self) -> strawberry.ID:
        return global_id("Product", self.sku)

    @strawberry.field
    async def stock(self, info: strawberry.Info[Any, Any]) -> Stock | None:
        found: Stock | None = await info.context["loaders"].stock.load(self.sku)
        return found

    @strawberry.field
    async def reviews(
        self, info: strawberry.Info[Any, Any], first: int = 20, after: str | None = None
    ) -> CountedConnection[Review] | None:
        found: CountedConnection[Review] | None = await info.context["loaders"].reviews.load((self.sku, first, after))
        return found


def product_from(row: dict[str, Any]) -> Product:
    price = row["listPrice"]
    return Product(
        sku=row["skuCode"],
        name=row["title"],
        summary=row["summary"],
        category=row["category"],
        price=Money(amount=Decimal(price["value"]), currency=price["currency"]),
        rating=row["rating"],
    )
