"""Reviews: by number, with their product."""

from adapters.catalog import Catalog
from graphfold import finds, resolves
from schema.products import Product
from schema.reviews import Review


@finds(Review)
async def review_by_reference(reference: str, catalog: Catalog) -> Review:
    return await catalog.reviews.load(reference)


@resolves(Review)
async def product(self: Review, catalog: Catalog) -> Product | None:
    """What it is about."""
    return await catalog.products.ref(self.sku)
