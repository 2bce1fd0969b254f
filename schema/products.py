"""Products: what is sold."""

import strawberry

from graphfold import CountedConnection, Node
from schema.money import Money


@strawberry.type(description="Something that is sold.")
class Product(Node, key="sku"):
    sku: str = strawberry.field(description="The stock keeping unit, leading zeros kept.")
    name: str = strawberry.field(description="The product's name.")
    summary: str | None = strawberry.field(description="A sentence about it.")
    category: str = strawberry.field(description="What kind of thing it is.")
    price: Money = strawberry.field(description="What one piece costs today.")
    rating: float | None = strawberry.field(description="The mean of all stars; null before the first review.")


ProductConnection = CountedConnection[Product]
