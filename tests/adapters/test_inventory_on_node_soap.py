"""The inventory's adapter against node-soap: another make's SOAP 1.1 gives the same answers as the sandbox's."""

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
Stocked = Callable[..., AbstractAsyncContextManager[Gateway]]


def stock_in(books: sqlite3.Connection) -> Json:
    """The sandbox's stock as node-soap writes it: several warehouses are an array, a single one is itself."""
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
def stocked(shared_sandbox: str) -> Stocked:
    """`async with stocked(stock) as graph`: the graph whose inventory is node-soap with that stock."""

    @asynccontextmanager
    async def served(stock: Json, **settings: str) -> AsyncIterator[Gateway]:
        books = {"username": INVENTORY_USERNAME, "password": INVENTORY_PASSWORD, "stock": stock}
        with node_soap("inventory.js", WSDL, books) as url:
            async with gateway(shared_sandbox, GRAPHFOLD_INVENTORY_URL=url, **settings) as graph:
                yield graph

    return served


async def test_both_makes_give_the_same_answer(stocked: Stocked, graph: Gateway, books: sqlite3.Connection) -> None:
    expected = await graph.ask(ALL)
    async with stocked(stock_in(books)) as other:
        assert await other.ask(ALL) == expected
        assert await other.calls() == calls(catalog=1)


async def test_text_arrives_as_it_was_sent(stocked: Stocked) -> None:
    held = [{"Code": code, "Quantity": -1} for code in ("0071", "0", "1e5", "<&>\"'", "  ", " a b ", "Łódź", "")]
    level = {"Sku": "00012345", "OnHand": 0, "Reserved": 0, "Warehouse": held}
    async with stocked({"00012345": level}) as graph:
        stock = (await graph.ask(ONE))["product"]["stock"]
    assert stock["warehouses"] == [{"code": one["Code"], "quantity": -1} for one in held]


async def test_nothing_in_stock_and_no_warehouse_at_all(stocked: Stocked) -> None:
    async with stocked({"00012382": {"Sku": "00012382", "OnHand": 0, "Reserved": 0}}) as graph:
        assert await graph.ask(ONE) == {"product": {"stock": None}}
        bare = (await graph.ask(ONE.replace("00012345", "00012382")))["product"]["stock"]
    assert bare == {"onHand": 0, "reserved": 0, "warehouses": []}


async def test_a_wrong_password_is_ours_to_mend(stocked: Stocked) -> None:
    async with stocked({}, GRAPHFOLD_INVENTORY_PASSWORD="wrong") as graph:
        [error] = (await graph.answer(ONE))["errors"]
    assert error["extensions"]["code"] == "BACKEND_CREDENTIALS"


FAULTS = {
    "00012345": ("BACKEND_UNAVAILABLE", {"faultcode": "soap:Server", "faultstring": "The depot burns"}),
    "00012382": ("BACKEND_REJECTED", {"faultcode": "soap:Client", "faultstring": "No depot", "statusCode": 200}),
    "00012419": ("BACKEND_CONTRACT", {"faultcode": "soap:MustUnderstand", "faultstring": "What?"}),
    # node-soap puts faults in the manner of 1.2 into envelopes of 1.1
    "00012456": ("BACKEND_UNAVAILABLE", {"Code": {"Value": "soap:Server"}, "Reason": {"Text": "The depot burns"}}),
    "00012493": ("BACKEND_REJECTED", {"Code": {"Value": "soap:Client"}, "Reason": {"Text": "No depot"}}),
}


async def test_faults_as_node_soap_writes_them(stocked: Stocked) -> None:
    async with stocked({sku: {"Fault": fault} for sku, (_, fault) in FAULTS.items()}) as graph:
        for sku, (code, fault) in FAULTS.items():
            answer = await graph.answer(ONE.replace("00012345", sku))
            assert answer["data"] == {"product": {"stock": None}}
            assert [error["extensions"]["code"] for error in answer["errors"]] == [code], fault
            assert "depot" not in str(answer)
