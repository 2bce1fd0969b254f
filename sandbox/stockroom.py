"""The stock of all warehouses, which the shop sells and the inventory service reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.database import among


@dataclass(frozen=True)
class Shelf:
    warehouse: str
    quantity: int


@dataclass(frozen=True)
class Stock:
    """The stock of one SKU: its quantity in each warehouse, and how much of it is reserved."""

    sku: str
    reserved: int
    shelves: list[Shelf]

    @property
    def on_hand(self) -> int:
        return sum(shelf.quantity for shelf in self.shelves)

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class OutOfStock(Exception):
    """Less stock is available than requested."""

    def __init__(self, sku: str, available: int) -> None:
        super().__init__(f"only {available} of {sku} are available")
        self.sku = sku
        self.available = available


class Stockroom:
    """Reads and changes stock. Changes belong to the caller's transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def find(self, skus: Sequence[str]) -> dict[str, Stock]:
        """Return the stock of the SKUs that have a stock record."""
        wanted = among(skus)
        found = self._database.execute(
            "SELECT sku, reserved FROM stock WHERE sku IN (SELECT value FROM json_each(?)) ORDER BY sku", (wanted,)
        )
        stocks = {sku: Stock(sku, reserved, []) for sku, reserved in found}
        for sku, warehouse, quantity in self._database.execute(
            "SELECT sku, warehouse, quantity FROM shelves WHERE sku IN (SELECT value FROM json_each(?)) "
            "ORDER BY sku, warehouse",
            (wanted,),
        ):
            stocks[sku].shelves.append(Shelf(warehouse, quantity))
        return stocks

    def take(self, sku: str, quantity: int) -> None:
        """Remove stock, from the first warehouse that has any on. Raise OutOfStock if there is not enough."""
        for shelf in self._enough(sku, quantity).shelves:
            taken = min(shelf.quantity, quantity)
            self._move(sku, shelf.warehouse, -taken)
            quantity -= taken

    def put_back(self, sku: str, quantity: int) -> None:
        """Return stock to the SKU's first warehouse."""
        self._move(sku, self.find([sku])[sku].shelves[0].warehouse, quantity)

    def reserve(self, sku: str, quantity: int) -> None:
        """Reserve stock without moving it. Raise OutOfStock if there is not enough."""
        self._enough(sku, quantity)
        self._speak_for(sku, quantity)

    def release(self, sku: str, quantity: int) -> None:
        self._speak_for(sku, -quantity)

    def _enough(self, sku: str, quantity: int) -> Stock:
        stock = self.find([sku]).get(sku, Stock(sku, 0, []))
        if stock.available < quantity:
            raise OutOfStock(sku, stock.available)
        return stock

    def _move(self, sku: str, warehouse: str, quantity: int) -> None:
        self._database.execute(
            "UPDATE shelves SET quantity = quantity + ? WHERE sku = ? AND warehouse = ?", (quantity, sku, warehouse)
        )

    def _speak_for(self, sku: str, quantity: int) -> None:
        self._database.execute("UPDATE stock SET reserved = reserved + ? WHERE sku = ?", (quantity, sku))
