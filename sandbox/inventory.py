"""The inventory backend: SOAP 1.1 with WS-Security, SKUs with leading zeros, many SKUs per call."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sandbox.credentials import INVENTORY_PASSWORD, INVENTORY_USERNAME
from sandbox.database import key_number
from sandbox.envelopes import SOAP11, Blame, Element, SoapFault, elements
from sandbox.soap import SoapService, text_of
from sandbox.stockroom import OutOfStock, Stock, Stockroom
from sandbox.username_token import SECURITY, check_username_token

MOST_SKUS = 1000

depot = elements("http://depot.example/inventory/2", "inv")


class Inventory(SoapService):
    """The SOAP operations GetStock, Reserve and Release under `/inventory`."""

    name = "inventory"
    version = SOAP11
    wsdl = Path(__file__).with_name("inventory.wsdl")
    understood = frozenset({SECURITY})

    def __init__(self, database: sqlite3.Connection) -> None:
        super().__init__({"GetStock": self._get_stock, "Reserve": self._reserve, "Release": self._release})
        self._database = database
        self._stockroom = Stockroom(database)

    def authorise(self, header: Element | None) -> None:
        check_username_token(header, INVENTORY_USERNAME, INVENTORY_PASSWORD)

    def _get_stock(self, request: Element) -> Element:
        skus = [sku.text or "" for sku in request]
        if len(skus) > MOST_SKUS:
            raise SoapFault(Blame.CLIENT, f"GetStock takes at most {MOST_SKUS} SKUs, got {len(skus)}", status=413)
        return depot("GetStockResponse", *map(_line, self._stockroom.find(skus).values()))

    def _reserve(self, request: Element) -> Element:
        sku, quantity = text_of(request, "Sku"), int(text_of(request, "Quantity"))
        if not self._stockroom.find([sku]):
            detail = depot("UnknownSku", depot("Sku", sku))
            raise SoapFault(Blame.CLIENT, f"There is no record of {sku}", detail=detail)
        try:
            with self._database:
                self._stockroom.reserve(sku, quantity)
                made = self._database.execute("INSERT INTO reservations (sku, quantity) VALUES (?, ?)", (sku, quantity))
        except OutOfStock as short:
            detail = depot("InsufficientStock", depot("Sku", sku), depot("Available", str(short.available)))
            raise SoapFault(Blame.CLIENT, f"Cannot reserve: {short}", detail=detail) from None
        return depot("ReserveResponse", depot("ReservationNo", f"R{made.lastrowid}"))

    def _release(self, request: Element) -> Element:
        reservation = text_of(request, "ReservationNo")
        with self._database:
            freed = self._database.execute(
                "DELETE FROM reservations WHERE number = ? RETURNING sku, quantity", (key_number(reservation, "R"),)
            ).fetchone()
            if freed is None:
                detail = depot("UnknownReservation", depot("ReservationNo", reservation))
                raise SoapFault(Blame.CLIENT, f"There is no reservation {reservation}", detail=detail)
            self._stockroom.release(*freed)
        return depot("ReleaseResponse", depot("Released", str(freed["quantity"])))


def _line(stock: Stock) -> Element:
    warehouses = [
        depot("Warehouse", depot("Code", shelf.warehouse), depot("Quantity", str(shelf.quantity)))
        for shelf in stock.shelves
    ]
    return depot(
        "StockLevel",
        depot("Sku", stock.sku),
        depot("OnHand", str(stock.on_hand)),
        depot("Reserved", str(stock.reserved)),
        *warehouses,
    )
