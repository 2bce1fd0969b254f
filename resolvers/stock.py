"""Stock of products, reservations and releases."""

from typing import Annotated

import strawberry

from adapters.catalog import Catalog
from adapters.inventory import Inventory, StockRefused
from graphfold import key_of, resolves
from graphfold.errors import NotFound
from schema.changes import (
    InvalidInput,
    OutOfStock,
    ReleaseStockInput,
    ReleaseStockResult,
    ReserveStockInput,
    ReserveStockResult,
    StockReleased,
    StockReserved,
    UnknownReservation,
)
from schema.products import Product
from schema.roots import Mutation
from schema.stock import Stock

ToReserve = Annotated[ReserveStockInput, strawberry.argument(description="What to keep.")]
ToRelease = Annotated[ReleaseStockInput, strawberry.argument(description="Which reservation to give up.")]


@resolves(Product)
async def stock(self: Product, inventory: Inventory) -> Stock | None:
    """What is there of it; null where it is not kept in stock."""
    return await inventory.stock.find(self.sku)


@resolves(Mutation)
async def reserve_stock(input: ToReserve, inventory: Inventory) -> ReserveStockResult | None:
    """Keep pieces of a product back. Sent twice, it keeps twice as many."""
    sku = key_of(Product, input.product_id, "input.productId")
    if input.quantity < 1:
        return InvalidInput(message="Reserve at least one piece.", field="quantity")
    try:
        reservation = await inventory.reserve(sku, input.quantity)
    except NotFound:
        return InvalidInput(message=f"{sku} is not kept in stock.", field="productId")
    except StockRefused as refused:
        return OutOfStock(message=f"There is not enough of {sku}.", sku=sku, available=refused.available)
    return StockReserved(reservation=reservation, sku=sku)


@resolves(Mutation)
async def release_stock(input: ToRelease, inventory: Inventory) -> ReleaseStockResult | None:
    """Give up a reservation."""
    try:
        return StockReleased(quantity=await inventory.release(input.reservation))
    except NotFound:
        return UnknownReservation(message="There is no such reservation.")


@resolves(StockReserved)
async def product(self: StockReserved, catalog: Catalog) -> Product | None:
    """What is reserved."""
    return await catalog.products.ref(self.sku)
