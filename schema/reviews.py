"""Reviews: what buyers say about a product."""

from datetime import date

import strawberry

from graphfold import CountedConnection, Node


@strawberry.type(description="What a buyer says about a product.")
class Review(Node, key="reference"):
    reference: str = strawberry.field(description="The review's number.")
    stars: int = strawberry.field(description="From 1 (bad) to 5 (good).")
    headline: str = strawberry.field(description="The review in a few words.")
    body: str | None = strawberry.field(description="The whole text.")
    author: str | None = strawberry.field(description="Who wrote it, where the name may be shown.")
    created_on: date = strawberry.field(description="The day it was written.")
    sku: strawberry.Private[str]


ReviewConnection = CountedConnection[Review]
