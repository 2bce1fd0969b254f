"""The shop: pages per customer, exact cents, idempotent orders, cancellation, a rate limit."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx
import pytest

from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import running

pytestmark = pytest.mark.anyio

SKU = "00012345"


async def place(
    shop: httpx.AsyncClient, key: str, *items: dict[str, object], customer: str = "10001"
) -> httpx.Response:
    return await shop.post("/orders", json={"customer": customer, "items": items}, headers={"Idempotency-Key": key})


async def cancel(shop: httpx.AsyncClient, key: str, order: str) -> httpx.Response:
    return await shop.post(f"/orders/{order}/cancel", headers={"Idempotency-Key": key})


async def available(shop: httpx.AsyncClient, sku: str) -> int:
    """Return the available quantity that the shop reports when an order exceeds it."""
    reply = await place(shop, "ask", {"sku": sku, "qty": 1000}, {"sku": sku, "qty": 1000})
    return int(reply.json()["error"]["available"])


async def test_shop_requires_an_api_key(http: httpx.AsyncClient) -> None:
    for headers in ({}, {"X-Shop-Key": "made-up"}):
        reply = await http.get("/shop/orders", headers=headers)
        assert (reply.status_code, reply.json()["error"]["code"]) == (401, "UNAUTHORIZED")


async def test_shop_limit_and_offset_apply_to_each_customer(shop: httpx.AsyncClient) -> None:
    query = {"customers": "10010,10001", "limit": "3"}
    busy, other = (await shop.get("/orders", params=query)).json()["results"]
    assert (busy["customer"], busy["total"], len(busy["orders"])) == ("10010", 120, 3)
    assert other["customer"] == "10001"
    assert other["total"] >= len(other["orders"]) == 3
    assert all(order["cust"] == "10001" for order in other["orders"])
    later = (await shop.get("/orders", params={**query, "offset": "2"})).json()["results"]
    assert later[0]["orders"][0] == busy["orders"][2]
    beyond = (await shop.get("/orders", params={**query, "offset": "500"})).json()["results"]
    assert [(one["total"], one["orders"]) for one in beyond] == [(120, []), (other["total"], [])]


async def test_shop_lists_the_newest_order_first(shop: httpx.AsyncClient) -> None:
    [page] = (await shop.get("/orders", params={"customers": "10010", "limit": "200"})).json()["results"]
    placed = [datetime.fromisoformat(order["placed"]) for order in page["orders"]]
    assert placed == sorted(placed, reverse=True)
    assert {moment.utcoffset() for moment in placed} == {timedelta(hours=1), timedelta(hours=2)}


async def test_shop_returns_an_empty_list_for_a_customer_without_orders(shop: httpx.AsyncClient) -> None:
    reply = await shop.get("/orders", params={"customers": "77,x,010001"})
    assert [(one["customer"], one["total"]) for one in reply.json()["results"]] == [("77", 0), ("x", 0), ("010001", 0)]


async def test_shop_state_filter_applies_to_pages_and_totals(shop: httpx.AsyncClient) -> None:
    [every] = (await shop.get("/orders", params={"customers": "10010", "limit": "200"})).json()["results"]
    [done] = (await shop.get("/orders", params={"customers": "10010", "state": "DONE", "limit": "1"})).json()["results"]
    assert done["total"] == sum(order["state"] == "DONE" for order in every["orders"])
    assert (await shop.get("/orders", params={"state": "LOST"})).status_code == 400


async def test_shop_finds_orders_by_number(shop: httpx.AsyncClient) -> None:
    reply = await shop.get("/orders", params={"numbers": "SO-100001,SO-1,100002,SO-100003"})
    assert [order["orderNo"] for order in reply.json()["orders"]] == ["SO-100003", "SO-100001"]
    assert (await shop.get("/orders/SO-100001")).json() == reply.json()["orders"][1]
    assert (await shop.get("/orders/SO-1")).json()["error"]["code"] == "UNKNOWN_ORDER"


async def test_shop_batch_rejects_more_than_200_customers(shop: httpx.AsyncClient) -> None:
    for name in ("customers", "numbers"):
        many = ",".join(map(str, range(201)))
        reply = await shop.get("/orders", params={name: many})
        assert (reply.status_code, reply.json()["error"]["code"]) == (413, "BAD_REQUEST")


async def test_shop_pages_the_whole_list_by_offset(shop: httpx.AsyncClient) -> None:
    first = (await shop.get("/orders", params={"limit": "2"})).json()
    second = (await shop.get("/orders", params={"limit": "2", "offset": "2"})).json()
    numbers = [order["orderNo"] for order in first["orders"] + second["orders"]]
    assert numbers == [f"SO-{100_000 + first['total'] - index}" for index in range(4)]


async def test_shop_order_total_is_the_sum_of_its_lines(shop: httpx.AsyncClient) -> None:
    for order in (await shop.get("/orders", params={"limit": "200"})).json()["orders"]:
        assert order["sum"]["cents"] == sum(item["qty"] * item["unit"]["cents"] for item in order["items"])
        assert {item["unit"]["cur"] for item in order["items"]} == {order["sum"]["cur"]}
        assert len({item["sku"] for item in order["items"]}) == len(order["items"]) in (1, 2, 3, 4)
        assert (order["invoiceNo"] is not None) == (order["state"] in ("SENT", "DONE"))


async def test_shop_places_one_order_per_idempotency_key(shop: httpx.AsyncClient) -> None:
    before = await available(shop, SKU)
    placed = await place(shop, "k1", {"sku": SKU, "qty": 2})
    again = await place(shop, "k1", {"qty": 2, "sku": SKU})
    assert (placed.status_code, again.status_code) == (201, 200)
    assert placed.json() == again.json()
    assert placed.json()["state"] == "NEW"
    assert placed.json()["invoiceNo"] is None
    assert await available(shop, SKU) == before - 2
    newest = (await shop.get("/orders", params={"customers": "10001", "limit": "1"})).json()["results"][0]["orders"]
    assert newest == [placed.json()]
    other = await place(shop, "k1", {"sku": SKU, "qty": 3})
    assert (other.status_code, other.json()["error"]["code"]) == (409, "IDEMPOTENCY_MISMATCH")


async def test_shop_idempotency_keys_are_separate_for_each_api_key(shop: httpx.AsyncClient) -> None:
    first = await place(shop, "same", {"sku": SKU, "qty": 1})
    shop.headers["X-Shop-Key"] = credentials.SHOP_KEYS[1]
    second = await place(shop, "same", {"sku": SKU, "qty": 1})
    assert second.status_code == 201
    assert second.json()["orderNo"] != first.json()["orderNo"]


@pytest.mark.parametrize(
    ("customer", "items", "error"),
    [
        ("77", [{"sku": SKU, "qty": 1}], {"code": "UNKNOWN_CUSTOMER", "customer": "77"}),
        ("10001", [{"sku": SKU, "qty": 1}, {"sku": "12345", "qty": 1}],
         {"code": "UNKNOWN_SKU", "item": 1, "sku": "12345"}),
        ("10001", [{"sku": SKU, "qty": 0}], {"code": "INVALID_QUANTITY", "item": 0, "sku": SKU}),
        ("10001", [{"sku": SKU, "qty": "2"}], {"code": "INVALID_QUANTITY", "item": 0, "sku": SKU}),
        ("10001", [{"sku": SKU, "qty": True}], {"code": "INVALID_QUANTITY", "item": 0, "sku": SKU}),
        ("10001", [], {"code": "NO_ITEMS"}),
        ("10001", "none", {"code": "NO_ITEMS"}),
        ("10001", ["none"], {"code": "UNKNOWN_SKU", "item": 0, "sku": None}),
    ],
)  # fmt: skip
async def test_shop_rejection_names_its_reason_and_order_line(
    shop: httpx.AsyncClient, customer: str, items: object, error: dict[str, object]
) -> None:
    body = {"customer": customer, "items": items}
    reply = await shop.post("/orders", json=body, headers={"Idempotency-Key": "k"})
    details = reply.json()["error"]
    assert reply.status_code == 422
    assert details.pop("message")
    assert details == error


async def test_rejected_order_changes_no_stock_and_can_be_retried(shop: httpx.AsyncClient) -> None:
    before = await available(shop, SKU)
    refused = await place(shop, "k", {"sku": SKU, "qty": 1}, {"sku": SKU, "qty": before})
    assert refused.json()["error"] | {"message": ""} == {
        "code": "OUT_OF_STOCK", "message": "", "item": 1, "sku": SKU, "available": before - 1,
    }  # fmt: skip
    assert await available(shop, SKU) == before
    assert (await place(shop, "k", {"sku": SKU, "qty": before})).status_code == 201
    assert await available(shop, SKU) == 0


async def test_ordering_a_product_without_a_stock_record_is_out_of_stock(shop: httpx.AsyncClient) -> None:
    assert await available(shop, f"{12_345 + 24 * 37:08d}") == 0


async def test_shop_write_requires_an_idempotency_key(shop: httpx.AsyncClient) -> None:
    assert (await shop.post("/orders", json={})).status_code == 400
    assert (await shop.post("/orders/SO-100001/cancel")).status_code == 400
    placed = (await place(shop, "k", {"sku": SKU, "qty": 1})).json()
    assert (await cancel(shop, "k", placed["orderNo"])).status_code == 409


async def test_cancelling_an_order_restores_its_stock_once(shop: httpx.AsyncClient) -> None:
    before = await available(shop, SKU)
    order = (await place(shop, "p", {"sku": SKU, "qty": 5})).json()["orderNo"]
    for key in ("c", "c", "another"):
        reply = await cancel(shop, key, order)
        assert (reply.status_code, reply.json()["state"]) == (200, "CANC")
    assert await available(shop, SKU) == before


async def test_shipped_order_cannot_be_cancelled(shop: httpx.AsyncClient) -> None:
    sent = (await shop.get("/orders", params={"state": "SENT", "limit": "1"})).json()["orders"][0]["orderNo"]
    reply = await cancel(shop, "k", sent)
    assert (reply.status_code, reply.json()["error"]["code"]) == (409, "ALREADY_SHIPPED")
    assert (await cancel(shop, "k", "SO-1")).status_code == 404


async def test_shop_announces_and_enforces_a_rate_limit_per_api_key() -> None:
    async with running(Settings(customers=1, shop_rate=2)) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as http:
        first, second, third = [
            await http.get("/shop/orders", headers={"X-Shop-Key": credentials.SHOP_KEYS[0]}) for _ in range(3)
        ]
        assert [first.headers["ratelimit-remaining"], second.headers["ratelimit-remaining"]] == ["1", "0"]
        assert first.headers["ratelimit-limit"] == "2"
        assert (third.status_code, third.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert 0 < int(third.headers["retry-after"]) == int(third.headers["ratelimit-reset"]) <= 60
        other = await http.get("/shop/orders", headers={"X-Shop-Key": credentials.SHOP_KEYS[1]})
        assert other.status_code == 200
