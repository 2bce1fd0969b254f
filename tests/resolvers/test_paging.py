"""Paging, also while rows are inserted and deleted: each row once, none lost in silence."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from sandbox import credentials
from tests.e2e.gateway import Gateway, calls

pytestmark = pytest.mark.anyio

Between = Callable[[int], Awaitable[None]]
PAGE = "nodes { key: %s } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"

LISTS = {
    "customers": ("number", 30, "{ list: customers(first: $first, after: $after) { %s } }"),
    "orders": ("number", 97, "{ list: orders(first: $first, after: $after) { %s totalCount } }"),
    "products": ("sku", 7, "{ list: products(first: $first, after: $after) { %s totalCount } }"),
    "orders of one": (
        "number",
        50,
        '{ of: customer(id: "10010") { list: orders(first: $first, after: $after) { %s } } }',
    ),
    "invoices of one": (
        "number",
        13,
        '{ of: customer(id: "10010") { list: invoices(first: $first, after: $after) { %s totalCount } } }',
    ),
    "reviews of one": (
        "reference",
        25,
        '{ of: product(id: "00012419") { list: reviews(first: $first, after: $after) { %s totalCount } } }',
    ),
}
KNOWN = {
    "customers": "SELECT number FROM customers ORDER BY number",
    "orders": "SELECT 'SO-' || number FROM orders ORDER BY number DESC",
    "products": "SELECT sku FROM products ORDER BY sku",
    "orders of one": "SELECT 'SO-' || number FROM orders WHERE customer = 10010 ORDER BY number DESC",
    "invoices of one": "SELECT number FROM invoices WHERE customer = 10010 ORDER BY number DESC",
    "reviews of one": "SELECT id FROM reviews WHERE sku = '00012419' ORDER BY id DESC",
}


def query_of(name: str) -> str:
    key, _, text = LISTS[name]
    return "query($first: Int!, $after: String) " + text % (PAGE % key)


async def page(graph: Gateway, name: str, first: int, after: str | None = None) -> dict[str, Any]:
    data = await graph.ask(query_of(name), first=first, after=after)
    listed: dict[str, Any] = data.get("list") or data["of"]["list"]
    return listed


async def walk(graph: Gateway, name: str, first: int, between: Between | None = None) -> list[str]:
    """Return the keys of all pages; `between` is called with the number of pages so far."""
    keys: list[str] = []
    after, pages = None, 0
    while True:
        received = await page(graph, name, first, after)
        keys += [node["key"] for node in received["nodes"]]
        pages, after = pages + 1, received["pageInfo"]["endCursor"]
        if not received["pageInfo"]["hasNextPage"]:
            return keys
        if between:
            await between(pages)


@pytest.mark.parametrize("name", LISTS)
async def test_pages_of_a_list_add_up_to_the_whole_list(graph: Gateway, books: sqlite3.Connection, name: str) -> None:
    expected = [str(row[0]) for row in books.execute(KNOWN[name])]
    assert len(expected) > LISTS[name][1]
    assert await walk(graph, name, LISTS[name][1]) == expected


@pytest.mark.parametrize("name", LISTS)
async def test_page_info_reports_the_position_of_a_page(graph: Gateway, name: str) -> None:
    first = await page(graph, name, 5)
    info = first["pageInfo"]
    assert (info["hasPreviousPage"], info["hasNextPage"], len(first["nodes"])) == (False, True, 5)
    second = await page(graph, name, 5, info["startCursor"])
    assert second["pageInfo"]["hasPreviousPage"]
    assert second["nodes"][:4] == first["nodes"][1:]
    assert await page(graph, name, 0) | {"totalCount": None} == {
        "nodes": [],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
        "totalCount": None,
    }


async def test_full_last_page_has_no_next_page(graph: Gateway) -> None:
    for first in (60, 30):
        assert len(await walk(graph, "reviews of one", first)) == 60
    assert not (await page(graph, "reviews of one", 60))["pageInfo"]["hasNextPage"]
    assert (await page(graph, "orders of one", 100))["pageInfo"]["hasNextPage"]


async def test_edges_pair_each_node_with_its_cursor(graph: Gateway) -> None:
    fields = "nodes { number } edges { cursor node { number } } pageInfo { startCursor endCursor }"
    data = await graph.ask(
        f'{{ customers(first: 4) {{ {fields} }} customer(id: "10010") {{ orders(first: 4) {{ {fields} }} }} }}'
    )
    for listed in (data["customers"], data["customer"]["orders"]):
        assert [edge["node"] for edge in listed["edges"]] == listed["nodes"]
        cursors = [edge["cursor"] for edge in listed["edges"]]
        assert len(set(cursors)) == 4
        assert listed["pageInfo"] == {"startCursor": cursors[0], "endCursor": cursors[-1]}


async def test_total_count_is_the_backends_total(graph: Gateway, books: sqlite3.Connection) -> None:
    for name in ("orders", "products", "invoices of one", "reviews of one"):
        assert (await page(graph, name, 1))["totalCount"] == len(books.execute(KNOWN[name]).fetchall())
    refused = await graph.answer("{ customers { totalCount } }")
    assert refused["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_page_size_defaults_to_20_and_is_limited_to_100(graph: Gateway) -> None:
    data = await graph.ask('{ customers { nodes { number } } customer(id: "10010") { orders { nodes { number } } } }')
    assert len(data["customers"]["nodes"]) == len(data["customer"]["orders"]["nodes"]) == 20
    for name in LISTS:
        for first, code in ((101, "LIMIT_EXCEEDED"), (-1, "BAD_INPUT")):
            answer = await graph.answer(query_of(name), first=first)
            assert [error["extensions"]["code"] for error in answer["errors"]] == [code], (name, first)
    assert (
        "GRAPHFOLD_MAX_PAGE_SIZE"
        in (await graph.answer("{ customers(first: 101) { nodes { id } } }"))["errors"][0]["message"]
    )


async def test_page_loads_no_rows_before_its_cursor(graph: Gateway) -> None:
    for name, backend in (("customers", "crm"), ("orders", "shop"), ("products", "catalog")):
        cursor = (await page(graph, name, 40))["pageInfo"]["endCursor"]
        await graph.calls()
        await page(graph, name, 5, cursor)
        assert await graph.calls() == calls(**{backend: 1})


async def test_cursor_of_another_list_is_an_input_error(graph: Gateway) -> None:
    own = (await page(graph, "customers", 3))["pageInfo"]["endCursor"]
    for name in LISTS:
        for cursor in ("nonsense", "", "MTA=", own[:-3], own + "A", *([own] if name != "customers" else [])):
            answer = await graph.answer(query_of(name), first=5, after=cursor)
            [error] = answer["errors"]
            assert error["extensions"]["code"] == "BAD_INPUT", (name, cursor)
            assert error["path"][-1] == "list"


async def test_cursor_with_other_list_arguments_is_an_input_error(graph: Gateway) -> None:
    cursor = (await graph.ask('{ customers(search: "a") { pageInfo { endCursor } } }'))["customers"]["pageInfo"][
        "endCursor"
    ]
    answer = await graph.answer('query($c: String) { customers(search: "b", after: $c) { nodes { id } } }', c=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    of = 'query($c: String) { customer(id: "%s") { orders(after: $c, first: 2) { pageInfo { endCursor } } } }'
    cursor = (await graph.ask(of % "10010"))["customer"]["orders"]["pageInfo"]["endCursor"]
    answer = await graph.answer(of % "10011", c=cursor)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_INPUT"


class Crm:
    """The CRM, changed directly, not through the gateway."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http, self.headers = http, {"authorization": f"Bearer {token}"}

    @classmethod
    async def of(cls, graph: Gateway) -> Crm:
        pair = (credentials.CRM_CLIENT_ID, credentials.CRM_CLIENT_SECRET)
        reply = await graph.http.post("/crm/oauth/token", data={"grant_type": "client_credentials"}, auth=pair)
        return cls(graph.http, reply.json()["access_token"])

    async def add(self, number: str) -> None:
        record = {"custNo": number, "profile": {"displayName": "Nova"}, "contact": {"mail": "nova@mail.example"}}
        reply = await self.http.post("/crm/v2/customers", json=record, headers=self.headers)
        assert reply.status_code == 201, reply.text

    async def remove(self, number: str) -> None:
        reply = await self.http.delete(f"/crm/v2/customers/{number}", headers=self.headers)
        assert reply.status_code == 204, reply.text


async def test_paging_customers_survives_inserts_and_deletes(own_graph: Gateway) -> None:
    crm = await Crm.of(own_graph)
    before = await walk(own_graph, "customers", 100)  # pages of another size: none of those below is remembered

    async def between(pages: int) -> None:
        if pages == 1:
            await crm.remove("10003")  # in front
            await crm.remove("10010")  # the very row of the cursor
            await crm.add("9001")  # in front
            await crm.add("10900")  # behind

    keys = await walk(own_graph, "customers", 10, between)
    assert keys == [*before, "10900"]


async def place(graph: Gateway, customer: str, key: str) -> str:
    """Place an order at the shop, not through the gateway."""
    reply = await graph.http.post(
        "/shop/orders",
        json={"customer": customer, "items": [{"sku": "00012345", "qty": 1}]},
        headers={"x-shop-key": credentials.SHOP_KEYS[0], "idempotency-key": key},
    )
    assert reply.status_code == 201, reply.text
    return str(reply.json()["orderNo"])


async def cancel(graph: Gateway, number: str) -> None:
    headers = {"x-shop-key": credentials.SHOP_KEYS[0], "idempotency-key": f"cancel {number}"}
    reply = await graph.http.post(f"/shop/orders/{number}/cancel", headers=headers)
    assert reply.status_code == 200, reply.text


@pytest.mark.parametrize("name", ["orders", "orders of one"])
@pytest.mark.parametrize("size", [3, 20, 50])
async def test_orders_placed_while_paging_shift_no_rows(own_graph: Gateway, name: str, size: int) -> None:
    before = await walk(own_graph, name, 100)

    async def between(pages: int) -> None:
        if pages in (1, 2):
            for count in range(4):
                await place(own_graph, "10010", f"{pages} {count}")

    assert await walk(own_graph, name, size, between) == before


NEW_ONES = """query($first: Int!, $after: String) {
  customer(id: "10010") { list: orders(status: NEW, first: $first, after: $after) {
    nodes { key: number } pageInfo { hasNextPage endCursor }
  } }
}"""


async def new_orders(graph: Gateway, count: int) -> list[str]:
    placed = [await place(graph, "10010", f"new {index}") for index in range(count)]
    return placed[::-1]  # as they are listed: newest first


async def test_offset_paging_compensates_for_deleted_earlier_rows(own_graph: Gateway) -> None:
    placed = await new_orders(own_graph, 12)
    first = (await own_graph.ask(NEW_ONES, first=5))["customer"]["list"]
    assert [node["key"] for node in first["nodes"]] == placed[:5]
    await cancel(own_graph, placed[0])
    await cancel(own_graph, placed[2])
    after = first["pageInfo"]["endCursor"]
    second = (await own_graph.ask(NEW_ONES, first=5, after=after))["customer"]["list"]
    assert [node["key"] for node in second["nodes"]] == placed[5:10]


async def test_deleted_cursor_row_is_reported_and_skips_no_rows(own_graph: Gateway) -> None:
    placed = await new_orders(own_graph, 12)
    first = (await own_graph.ask(NEW_ONES, first=5))["customer"]["list"]
    await cancel(own_graph, placed[4])
    answer = await own_graph.answer(NEW_ONES, first=5, after=first["pageInfo"]["endCursor"])
    received = [node["key"] for node in answer["data"]["customer"]["list"]["nodes"]]
    [remark] = answer["extensions"]["pagination"]
    assert remark["connection"] == "Customer.orders"
    assert set(received) <= set(placed)
