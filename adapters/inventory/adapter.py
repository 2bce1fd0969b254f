"""Stock from the inventory: levels of many SKUs at a time, reservations and releases."""

from dataclasses import field
from pathlib import Path
from typing import Annotated

from graphfold import Keys, OnDemand, Row, SoapAdapter, SoapFault, Wire, batch, by, write
from graphfold.credentials import UsernameToken
from graphfold.errors import BackendRejected, GraphError, NotFound
from graphfold.manifest import Manifest
from schema.stock import Stock, WarehouseStock


class StockRefused(BackendRejected):
    """Raised when there is not enough to reserve; `available` pieces are left."""

    def __init__(self, available: int) -> None:
        super().__init__("There is not enough in stock.")
        self.available = available


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

    @write()
    async def reserve(self, sku: str, quantity: int) -> str:
        """Keep pieces back; the reservation's number. Done twice, twice as many are kept."""
        try:
            return await self.invoke("Reserve", str, at="ReservationNo", Sku=sku, Quantity=quantity)
        finally:
            self.stock.forget(sku)

    @write()
    async def release(self, reservation: str) -> int:
        """Give up a reservation; how many pieces are free again. Of what, the inventory does not say."""
        try:
            return await self.invoke("Release", int, at="Released", ReservationNo=reservation)
        finally:
            self.stock.forget_all()

    def fault(self, fault: SoapFault) -> GraphError:
        if short := fault.detail.get("InsufficientStock"):
            return StockRefused(short["Available"])
        if "UnknownSku" in fault.detail:
            return NotFound("The inventory does not keep this product.")
        if "UnknownReservation" in fault.detail:
            return NotFound("The inventory has no such reservation.")
        return super().fault(fault)
