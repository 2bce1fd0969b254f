"""Stock: what the inventory knows of a product."""

from adapters.inventory import Inventory
from graphfold import resolves
from schema.products import Product
from schema.stock import Stock


@resolves(Product)
async def stock(self: Product, inventory: Inventory) -> Stock | None:
    """What is there of it; null where it is not kept in stock."""
    return await inventory.stock.find(self.sku)
