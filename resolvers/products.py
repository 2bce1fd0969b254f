"""Products: by SKU and by search, with their reviews."""

from typing import Annotated

import strawberry

from adapters.catalog import Catalog
from graphfold import After, First, Page, finds, key_of, resolves
from schema.products import Product, ProductConnection
from schema.reviews import Review, ReviewConnection
from schema.roots import Query

ProductId = Annotated[strawberry.ID, strawberry.argument(description="The product's id or SKU.")]
Search = Annotated[str | None, strawberry.argument(description="Only where this text is in the name or SKU.")]
Category = Annotated[str | None, strawberry.argument(description="Only this kind of thing.")]


@resolves(Query)
async def product(id: ProductId, catalog: Catalog) -> Product | None:
    """One product."""
    return await catalog.products.load(key_of(Product, id))


@finds(Product)
async def product_by_sku(sku: str, catalog: Catalog) -> Product:
    return await catalog.products.load(sku)


@resolves(Query)
async def products(
    catalog: Catalog, first: First = 20, after: After = None, search: Search = None, category: Category = None
) -> ProductConnection | None:
    """Products, in the order of their SKUs."""

    async def fetch(limit: int, cursor: str | None) -> Page[Product]:
        return await catalog.search(search, category, limit, cursor)

    return await ProductConnection.over_cursors(fetch, first, after, of=("Query.products", search, category))


@resolves(Product)
async def reviews(self: Product, catalog: Catalog, first: First = 20, after: After = None) -> ReviewConnection | None:
    """What buyers say, newest first."""

    async def fetch(limit: int, cursor: str | None) -> Page[Review]:
        return await catalog.reviews_of.load(self.sku, limit=limit, after=cursor)

    return await ReviewConnection.over_cursors(fetch, first, after, of=("Product.reviews", self.sku))
