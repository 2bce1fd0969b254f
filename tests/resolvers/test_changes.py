"""Mutations: every outcome, retries, and later reads in the same operation and in the next."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import credentials
from tests.e2e.gateway import Gateway, calls

pytestmark = pytest.mark.anyio

UPDATE = """mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) { __typename
  ... on CustomerUpdated { customer { number name email phone newsletter } }
  ... on UnknownCustomer { message }
  ... on InvalidInput { message field }
} }"""
PLACE = """mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename
  ... on OrderPlaced { order { id number status total { amount currency } customer { number name }
    lines { quantity product { sku } } } }
  ... on OutOfStock { message sku available }
  ... on UnknownCustomer { message }
  ... on InvalidInput { message field }
} }"""
CANCEL = """mutation($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename
  ... on OrderCancelled { order { number status } }
  ... on AlreadyShipped { message }
  ... on UnknownOrder { message }
} }"""
RESERVE = """mutation($input: ReserveStockInput!) { reserveStock(input: $input) { __typename
  ... on StockReserved { reservation product { sku name stock { onHand reserved } } }
  ... on OutOfStock { message sku available }
  ... on InvalidInput { message field }
} }"""
RELEASE = """mutation($input: ReleaseStockInput!) { releaseStock(input: $input) { __typename
  ... on StockReleased { quantity }
  ... on UnknownReservation { message }
} }"""
LAMP = "00012345"
SOLD_OUT = f"{12_345 + 37 * 7:08d}"
NOT_KEPT = f"{12_345 + 37 * 24:08d}"


async def update(graph: Gateway, **values: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await graph.ask(UPDATE, input={"id": "10001", **values}))["updateCustomer"]
    return result


async def place(graph: Gateway, *lines: tuple[str, int], customer: str = "10001", key: str = "k-1") -> dict[str, Any]:
    wanted = [{"productId": sku, "quantity": quantity} for sku, quantity in lines]
    values = {"customerId": customer, "lines": wanted, "idempotencyKey": key}
    result: dict[str, Any] = (await graph.ask(PLACE, input=values))["placeOrder"]
    return result


async def cancel(graph: Gateway, id: str) -> dict[str, Any]:
    result: dict[str, Any] = (await graph.ask(CANCEL, input={"id": id}))["cancelOrder"]
    return result


async def reserve(graph: Gateway, sku: str, quantity: int) -> dict[str, Any]:
    result: dict[str, Any] = (await graph.ask(RESERVE, input={"productId": sku, "quantity": quantity}))["reserveStock"]
    return result


async def release(graph: Gateway, reservation: str) -> dict[str, Any]:
    result: dict[str, Any] = (await graph.ask(RELEASE, input={"reservation": reservation}))["releaseStock"]
    return result


async def reserved(graph: Gateway, sku: str) -> int:
    data = await graph.ask("query($id: ID!) { product(id: $id) { stock { reserved } } }", id=sku)
    return int(data["product"]["stock"]["reserved"])


async def on_hand(graph: Gateway, sku: str) -> int:
    data = await graph.ask("query($id: ID!) { product(id: $id) { stock { onHand } } }", id=sku)
    return int(data["product"]["stock"]["onHand"])


async def test_update_customer_changes_only_the_fields_in_its_input(own_graph: Gateway) -> None:
    read = '{ customer(id: "10001") { number name email phone newsletter } }'
    before = (await own_graph.ask(read))["customer"]
    changed = await update(own_graph, email="new@mail.example", newsletter=not before["newsletter"])
    wanted = before | {"email": "new@mail.example", "newsletter": not before["newsletter"]}
    assert changed == {"__typename": "CustomerUpdated", "customer": wanted}
    assert (await own_graph.ask(read))["customer"] == wanted


async def test_update_customer_clears_null_fields_and_keeps_absent_ones(own_graph: Gateway) -> None:
    assert (await update(own_graph, phone="+49 30 7"))["customer"]["phone"] == "+49 30 7"
    assert (await update(own_graph, name="Nova"))["customer"]["phone"] == "+49 30 7"
    assert (await update(own_graph, phone=None))["customer"]["phone"] is None


async def test_later_fields_of_an_operation_read_a_mutations_changes(own_graph: Gateway) -> None:
    await own_graph.ask('{ customer(id: "10001") { name email since } customers(first: 2) { nodes { name } } }')
    twice = """mutation {
      one: updateCustomer(input: {id: "10001", name: "One"}) { ... on CustomerUpdated { customer { name since } } }
      two: updateCustomer(input: {id: "10001", name: "Two"}) { ... on CustomerUpdated { customer { name
        orders(first: 1) { nodes { customer { name email } } } } } }
    }"""
    data = await own_graph.ask(twice)
    assert data["one"]["customer"]["name"] == "One"
    assert data["two"]["customer"]["name"] == "Two"
    assert data["two"]["customer"]["orders"]["nodes"][0]["customer"]["name"] == "Two"
    after = await own_graph.ask('{ customer(id: "10001") { name } customers(first: 2) { nodes { name } } }')
    assert after["customer"]["name"] == after["customers"]["nodes"][0]["name"] == "Two"


async def test_invalid_update_names_the_rejected_field(own_graph: Gateway) -> None:
    refused = await update(own_graph, email="no address")
    assert (refused["__typename"], refused["field"]) == ("InvalidInput", "email")
    assert "email" in refused["message"] and "contact" not in refused["message"]
    assert (await update(own_graph, name=" "))["field"] == "name"
    assert await update(own_graph, id="99999", name="Nobody") == {
        "__typename": "UnknownCustomer",
        "message": "There is no such customer.",
    }


async def test_place_order_returns_the_stored_order(own_graph: Gateway) -> None:
    placed = await place(own_graph, (LAMP, 2), ("00012382", 1))
    assert placed["__typename"] == "OrderPlaced"
    order = placed["order"]
    assert order["status"] == "NEW"
    assert [(line["quantity"], line["product"]["sku"]) for line in order["lines"]] == [(2, LAMP), (1, "00012382")]
    assert order["customer"]["number"] == "10001" and order["customer"]["name"]
    found = await own_graph.ask(
        "query($id: ID!) { order(id: $id) { number total { amount currency } } }", id=order["id"]
    )
    assert found["order"] == {"number": order["number"], "total": order["total"]}


async def test_place_order_twice_with_one_idempotency_key_places_one_order(own_graph: Gateway) -> None:
    first = await place(own_graph, (LAMP, 2))
    left = await on_hand(own_graph, LAMP)
    assert await place(own_graph, (LAMP, 2)) == first
    assert await on_hand(own_graph, LAMP) == left
    other = await place(own_graph, (LAMP, 3))
    assert (other["__typename"], other["field"]) == ("InvalidInput", "idempotencyKey")
    assert (await place(own_graph, (LAMP, 2), key="k-2"))["order"]["number"] != first["order"]["number"]


async def test_place_order_updates_every_order_list_and_the_stock(own_graph: Gateway) -> None:
    page = "orders(first: 1) { totalCount nodes { number } }"
    lists = f'{{ customer(id: "10001") {{ {page} }} {page} }}'
    before, left = await own_graph.ask(lists), await on_hand(own_graph, LAMP)
    number = (await place(own_graph, (LAMP, 5)))["order"]["number"]
    after = await own_graph.ask(lists)
    assert after["customer"]["orders"] == {
        "totalCount": before["customer"]["orders"]["totalCount"] + 1,
        "nodes": [{"number": number}],
    }
    assert after["orders"] == {"totalCount": before["orders"]["totalCount"] + 1, "nodes": [{"number": number}]}
    assert await on_hand(own_graph, LAMP) == left - 5


async def test_stock_is_reloaded_after_each_order_of_one_operation(own_graph: Gateway) -> None:
    left = await on_hand(own_graph, LAMP)
    line = f'lines: [{{productId: "{LAMP}", quantity: 1}}]'
    order = "... on OrderPlaced { order { lines { product { stock { onHand } } } } }"
    data = await own_graph.ask(
        f'mutation {{ a: placeOrder(input: {{customerId: "10001", {line}, idempotencyKey: "a"}}) {{ {order} }}'
        f' b: placeOrder(input: {{customerId: "10001", {line}, idempotencyKey: "b"}}) {{ {order} }} }}'
    )
    quantities = [data[name]["order"]["lines"][0]["product"]["stock"]["onHand"] for name in "ab"]
    assert quantities == [left - 1, left - 2]


async def test_rejected_order_returns_a_typed_result(own_graph: Gateway) -> None:
    sold_out = await place(own_graph, (LAMP, 1), (SOLD_OUT, 1))
    assert (sold_out["__typename"], sold_out["sku"], sold_out["available"]) == ("OutOfStock", SOLD_OUT, 0)
    assert (await place(own_graph, (LAMP, 1), customer="99999"))["__typename"] == "UnknownCustomer"
    refusals = {
        "lines.1.productId": await place(own_graph, (LAMP, 1), ("00000001", 1)),
        "lines.0.quantity": await place(own_graph, (LAMP, 0)),
        "lines": await place(own_graph),
        "idempotencyKey": await place(own_graph, (LAMP, 1), key=" "),
    }
    assert {name: refusal["__typename"] for name, refusal in refusals.items()} == dict.fromkeys(
        refusals, "InvalidInput"
    )
    assert [refusal["field"] for refusal in refusals.values()] == list(refusals)
    assert (await place(own_graph, (LAMP, 1)))["__typename"] == "OrderPlaced"  # the key of a refusal is still free


async def test_idempotency_key_invalid_in_a_header_makes_no_backend_call(own_graph: Gateway) -> None:
    for key in ("k\r\nx-evil: 1", "clé", "k" * 201, "\x00", "", " "):
        refused = await place(own_graph, (LAMP, 1), key=key)
        assert (refused["__typename"], refused["field"]) == ("InvalidInput", "idempotencyKey"), key
    assert await own_graph.calls() == calls()


async def test_cancel_order_is_permanent(own_graph: Gateway) -> None:
    left = await on_hand(own_graph, LAMP)
    order = (await place(own_graph, (LAMP, 4)))["order"]
    assert await on_hand(own_graph, LAMP) == left - 4
    cancelled = {"__typename": "OrderCancelled", "order": {"number": order["number"], "status": "CANCELLED"}}
    assert await cancel(own_graph, order["id"]) == cancelled
    assert await cancel(own_graph, order["number"]) == cancelled
    assert await on_hand(own_graph, LAMP) == left
    read = await own_graph.ask("query($id: ID!) { order(id: $id) { status } }", id=order["id"])
    assert read["order"]["status"] == "CANCELLED"


async def test_cancel_order_rejects_unknown_and_shipped_orders(own_graph: Gateway) -> None:
    assert (await cancel(own_graph, "SO-100001"))["__typename"] == "AlreadyShipped"
    assert (await cancel(own_graph, "SO-999999"))["__typename"] == "UnknownOrder"


async def test_reserve_stock_and_release_stock_change_the_reserved_quantity(own_graph: Gateway) -> None:
    before = await reserved(own_graph, LAMP)
    kept = await reserve(own_graph, LAMP, 3)
    assert kept["__typename"] == "StockReserved" and kept["product"]["name"]
    assert kept["product"]["stock"]["reserved"] == await reserved(own_graph, LAMP) == before + 3
    assert await release(own_graph, kept["reservation"]) == {"__typename": "StockReleased", "quantity": 3}
    assert await reserved(own_graph, LAMP) == before


async def test_soap_fault_detail_becomes_a_union_member_of_the_result(own_graph: Gateway) -> None:
    free = await on_hand(own_graph, LAMP) - await reserved(own_graph, LAMP)
    assert await reserve(own_graph, LAMP, free + 1) == {
        "__typename": "OutOfStock",
        "message": f"There is not enough of {LAMP}.",
        "sku": LAMP,
        "available": free,
    }
    for sku in ("00000001", NOT_KEPT):
        assert await reserve(own_graph, sku, 1) == {
            "__typename": "InvalidInput",
            "message": f"{sku} is not kept in stock.",
            "field": "productId",
        }
    unknown = {"__typename": "UnknownReservation", "message": "There is no such reservation."}
    assert await release(own_graph, "R0") == unknown
    assert (await reserve(own_graph, LAMP, 0))["field"] == "quantity"


async def test_non_idempotent_reservation_is_not_retried(own_graph: Gateway) -> None:
    """The inventory has done it when its reply is lost: what is read afterwards knows that."""
    before = await reserved(own_graph, LAMP)
    await own_graph.forget_calls()
    await own_graph.suffer("inventory", "truncate", times=1)
    answer = await own_graph.answer(RESERVE, input={"productId": LAMP, "quantity": 2})
    assert answer["errors"][0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"
    assert await own_graph.calls() == calls(inventory=1)
    assert await reserved(own_graph, LAMP) == before + 2


async def test_rejected_mutation_makes_one_call(own_graph: Gateway) -> None:
    await update(own_graph, email="no address")
    assert await own_graph.calls() == calls(crm=2)


async def test_mutations_of_one_operation_run_serially(own_graph: Gateway) -> None:
    name = "{ ... on CustomerUpdated { customer { name } } }"
    changes = [f'u{n}: updateCustomer(input: {{id: "10001", name: "N{n}"}}) {name}' for n in range(4)]
    data = await own_graph.ask(f"mutation {{ {' '.join(changes)} }}")
    assert [one["customer"]["name"] for one in data.values()] == ["N0", "N1", "N2", "N3"]
    assert (await own_graph.ask('{ customer(id: "10001") { name } }'))["customer"] == {"name": "N3"}


async def test_failed_mutation_does_not_stop_the_next_mutation(own_graph: Gateway) -> None:
    await own_graph.suffer("shop", "status", status=503, times=3)
    key = credentials.SHOP_KEYS[0]
    query = f"""mutation {{
      placeOrder(input: {{customerId: "10001", lines: [], idempotencyKey: "{key}"}}) {{ __typename }}
      updateCustomer(input: {{id: "10001", name: "Nova"}}) {{ __typename }}
    }}"""
    answer = await own_graph.answer(query)
    assert answer["data"] == {"placeOrder": None, "updateCustomer": {"__typename": "CustomerUpdated"}}
    [error] = answer["errors"]
    assert error["extensions"] == {
        "code": "BACKEND_UNAVAILABLE",
        "retryable": True,
        "requestId": "r-1",
        "backend": "shop",
        "operation": "place",
    }
