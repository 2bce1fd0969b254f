"""Products and reviews from the catalog: by key, of each product, and by search."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from graphfold import GraphQLAdapter, Keys, OnDemand, Page, Row, Wire, batch, by, read
from graphfold.credentials import Bearer
from graphfold.errors import BackendError, BackendRejected, GraphError, InvalidInput
from graphfold.manifest import Manifest
from graphfold.scalars import Currency
from schema.money import Money
from schema.products import Product
from schema.reviews import Review


class PriceRow(Row[Money]):
    amount: Annotated[Decimal, Wire("value")]
    currency: Currency


class ProductRow(Row[Product], key="sku"):
    sku: Annotated[str, Wire("skuCode")]
    name: Annotated[str, OnDemand("title")] = ""
    summary: Annotated[str | None, OnDemand("summary")] = None
    category: Annotated[str, OnDemand("category")] = ""
    price: Annotated[PriceRow | None, OnDemand("listPrice")] = None
    rating: Annotated[float | None, OnDemand("rating")] = None


class HitRow(Row[Any]):
    cursor: str
    product: ProductRow


class HitsRow(Row[Any]):
    total: int
    has_more: Annotated[bool, Wire("hasMore")]
    hits: list[HitRow]


class ReviewRow(Row[Review], key="reference"):
    reference: Annotated[str, Wire("id")]
    sku: Annotated[str, Wire("skuCode")]
    stars: int
    headline: str
    body: str | None
    author: str | None
    created_on: Annotated[date, Wire("createdOn")]


class ListedReviewRow(ReviewRow):
    cursor: str


class ProductReviewsRow(Row[Any]):
    sku: Annotated[str, Wire("skuCode")]
    total: Annotated[int, Wire("reviews.total")]
    has_more: Annotated[bool, Wire("reviews.hasMore")]
    items: Annotated[list[ListedReviewRow], Wire("reviews.items")]


REVIEW = "id skuCode stars headline body author createdOn"


class Catalog(GraphQLAdapter):
    manifest = Manifest(
        owner="catalog",
        contact="catalog@company.example",
        version="v1",
        runbook="https://runbooks.company.example/catalog",
        level="gold",
    )
    identity = "service"
    credential = Bearer()

    @batch(ttl=300, share="public", max_size=1000)
    async def products(self, skus: Keys[str]) -> dict[str, ProductRow]:
        """Products by SKU."""
        document = (
            f"query Products($skus: [String!]!) {{ productsBySku(skus: $skus) {{ {skus.selection(ProductRow)} }} }}"
        )
        rows = await self.query(document, list[ProductRow | BackendError], at="productsBySku", skus=skus)
        return by(rows, lambda row: row.sku)

    @read(ttl=60, share="public", primes=products)
    async def search(self, text: str | None, category: str | None, limit: int, after: str | None) -> Page[ProductRow]:
        """Products whose name or SKU contains the text, in the order of their SKUs."""
        document = (
            "query Search($text: String, $category: String, $limit: Int, $cursor: String) {"
            " searchProducts(text: $text, category: $category, limit: $limit, cursor: $cursor) {"
            f" total hasMore hits {{ cursor product {{ {self.selection(ProductRow)} }} }} }} }}"
        )
        result = await self.query(
            document, HitsRow, at="searchProducts", text=text, category=category, limit=limit, cursor=after
        )
        rows, cursors = [hit.product for hit in result.hits], [hit.cursor for hit in result.hits]
        return Page(rows, total=result.total, cursors=cursors, more=result.has_more)

    @batch(ttl=60, share="public")
    async def reviews(self, references: Keys[str]) -> dict[str, ReviewRow]:
        """Reviews by their number."""
        document = f"query Reviews($ids: [ID!]!) {{ reviewsById(ids: $ids) {{ {REVIEW} }} }}"
        rows = await self.query(document, list[ReviewRow | BackendError], at="reviewsById", ids=references)
        return by(rows, lambda row: row.reference)

    @batch(ttl=60, share="public", max_size=1000)
    async def reviews_of(self, skus: Keys[str], *, limit: int, after: str | None) -> dict[str, Page[ListedReviewRow]]:
        """Each product's reviews, newest first."""
        document = (
            "query ReviewsOf($skus: [String!]!, $limit: Int, $after: String) {"
            " productsBySku(skus: $skus) { skuCode"
            f" reviews(limit: $limit, after: $after) {{ total hasMore items {{ {REVIEW} cursor }} }} }} }}"
        )
        rows = await self.query(
            document, list[ProductReviewsRow | BackendError], at="productsBySku", skus=skus, limit=limit, after=after
        )
        return by(rows, lambda row: row.sku, _page)

    def error(self, message: str, extensions: dict[str, Any]) -> GraphError:
        if extensions.get("code") == "BAD_CURSOR":
            return InvalidInput("after: the catalog does not know this cursor.")
        if extensions.get("code") == "BAD_LIMIT":
            return BackendRejected("The catalog does not give that many at once.", internal=message)
        return super().error(message, extensions)


def _page(row: ProductReviewsRow) -> Page[ListedReviewRow]:
    return Page(row.items, total=row.total, cursors=[item.cursor for item in row.items], more=row.has_more)
