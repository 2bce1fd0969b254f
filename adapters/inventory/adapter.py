"""Stock levels of the inventory, many SKUs at a time."""

from dataclasses import field
from pathlib import Path
from typing import Annotated

from graphfold import Keys, OnDemand, Row, SoapAdapter, Wire, batch, by
from graphfold.credentials import UsernameToken
from graphfold.manifest import Manifest
from schema.stock import Stock, WarehouseStock


class WarehouseRow(Row[WarehouseStock]):
    code: Annotated[str, Wire("Code")]
    quantity: Annotated[int, Wire("Quantity")]


class StockRow(Row[Stock], key="sku"):
    sku: Annotated[str, Wire("Sku")]
    on_hand: Annotated[int, Wire("OnHand")]
    reserved: Annotated[int, OnDemand("Reserved")] = 0
    warehouses: Annotated[list[WarehouseRow], OnDemand("Warehouse")] = field(default_factory=list)


class Inventory(SoapAdapter):
    manifest = Manifest(
        owner="depot",
        contact="depot@company.example",
        version="v1",
        runbook="https://runbooks.company.example/inventory",
        level="gold",
    )
    identity = "service"
    credential = UsernameToken(digest=True)
    wsdl = Path(__file__).with_name("inventory.wsdl")

    @batch(ttl=5, share="public", max_size=1000)
    async def stock(self, skus: Keys[str]) -> dict[str, StockRow]:
        """Stock levels by SKU."""
        return by(await self.invoke("GetStock", list[StockRow], Sku=skus), lambda row: row.sku)
