"""The inventory adapter against node-soap, whose SOAP 1.1 must give the same answers as the sandbox's."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest

from sandbox.credentials import INVENTORY_PASSWORD, INVENTORY_USERNAME
from tests.adapters.peers import node_soap
from tests.e2e.gateway import ROOT, Gateway, calls, gateway

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

WSDL = ROOT / "adapters" / "inventory" / "inventory.wsdl"
STOCK = "stock { onHand reserved warehouses { code quantity } }"
ALL = f"{{ products(first: 100) {{ nodes {{ sku {STOCK} }} }} }}"
ONE = f'{{ product(id: "00012345") {{ {STOCK} }} }}'

Json = dict[str, Any]
ServeStock = Callable[..., AbstractAsyncContextManager[Gateway]]


def stock_in(books: sqlite3.Connection) -> Json:
    """Return the sandbox's stock as node-soap writes it: several warehouses are an array, a single one is not."""
    levels = {}
    for sku, reserved in books.execute("SELECT sku, reserved FROM stock"):
        shelves = books.execute("SELECT warehouse, quantity FROM shelves WHERE sku = ? ORDER BY warehouse", (sku,))
        held = [{"Code": code, "Quantity": quantity} for code, quantity in shelves]
        total = sum(one["Quantity"] for one in held)
        levels[sku] = {
            "Sku": sku,
            "OnHand": total,
            "Reserved": reserved,
            "Warehouse": held if len(held) > 1 else held[0],
        }
    return levels


@pytest.fixture
def serve_stock(shared_sandbox: str) -> ServeStock:
    """Return a context manager: `async with serve_stock(stock) as graph` runs the graph over node-soap with it."""

    @asynccontextmanager
    async def served(stock: Json, **settings: str) -> AsyncIterator[Gateway]:
        books = {"username": INVENTORY_USERNAME, "password": INVENTORY_PASSWORD, "stock": stock}
        with node_soap("inventory.js", WSDL, books) as url:
            async with gateway(shared_sandbox, GRAPHFOLD_INVENTORY_URL=url, **settings) as graph:
                yield graph

    return served


async def test_node_soap_gives_the_same_answer_as_the_sandbox(
    serve_stock: ServeStock, graph: Gateway, books: sqlite3.Connection
) -> None:
    expected = await graph.ask(ALL)
    async with serve_stock(stock_in(books)) as other:
        assert await other.ask(ALL) == expected
        assert await other.calls() == calls(catalog=1)


async def test_texts_arrive_unchanged(serve_stock: ServeStock) -> None:
    held = [{"Code": code, "Quantity": -1} for code in ("0071", "0", "1e5", "<&>\"'", "  ", " a b ", "Łódź", "")]
    level = {"Sku": "00012345", "OnHand": 0, "Reserved": 0, "Warehouse": held}
    async with serve_stock({"00012345": level}) as graph:
        stock = (await graph.ask(ONE))["product"]["stock"]
    assert stock["warehouses"] == [{"code": one["Code"], "quantity": -1} for one in held]


async def test_product_without_stock_and_without_warehouses(serve_stock: ServeStock) -> None:
    async with serve_stock({"00012382": {"Sku": "00012382", "OnHand": 0, "Reserved": 0}}) as graph:
        assert await graph.ask(ONE) == {"product": {"stock": None}}
        bare = (await graph.ask(ONE.replace("00012345", "00012382")))["product"]["stock"]
    assert bare == {"onHand": 0, "reserved": 0, "warehouses": []}


async def test_wrong_password_is_reported_as_credentials(serve_stock: ServeStock) -> None:
    async with serve_stock({}, GRAPHFOLD_INVENTORY_PASSWORD="wrong") as graph:
        [error] = (await graph.answer(ONE))["errors"]
    assert error["extensions"]["code"] == "BACKEND_CREDENTIALS"


FAULTS = {
    "00012345": ("BACKEND_UNAVAILABLE", {"faultcode": "soap:Server", "faultstring": "The depot burns"}),
    "00012382": ("BACKEND_REJECTED", {"faultcode": "soap:Client", "faultstring": "No depot", "statusCode": 200}),
    "00012419": ("BACKEND_CONTRACT", {"faultcode": "soap:MustUnderstand", "faultstring": "What?"}),
    # node-soap writes faults in the form of SOAP 1.2 into envelopes of 1.1
    "00012456": ("BACKEND_UNAVAILABLE", {"Code": {"Value": "soap:Server"}, "Reason": {"Text": "The depot burns"}}),
    "00012493": ("BACKEND_REJECTED", {"Code": {"Value": "soap:Client"}, "Reason": {"Text": "No depot"}}),
}


async def test_faults_in_the_forms_of_node_soap(serve_stock: ServeStock) -> None:
    async with serve_stock({sku: {"Fault": fault} for sku, (_, fault) in FAULTS.items()}) as graph:
        for sku, (code, fault) in FAULTS.items():
            answer = await graph.answer(ONE.replace("00012345", sku))
            assert answer["data"] == {"product": {"stock": None}}
            assert [error["extensions"]["code"] for error in answer["errors"]] == [code], fault
            assert "depot" not in str(answer)
