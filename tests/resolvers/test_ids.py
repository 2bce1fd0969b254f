"""Global ids and business keys of every type; ids of another type are rejected by name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.gateway import Gateway, calls

pytestmark = pytest.mark.anyio

KEYS = {"Customer": "number", "Order": "number", "Product": "sku", "Invoice": "number", "Review": "reference"}
SAMPLES = """{
  customer(id: "10001") { __typename id key: number }
  order(id: "SO-100001") { __typename id key: number }
  product(id: "00012345") { __typename id key: sku }
  invoice(id: "2026-000001") { __typename id key: number }
  reviewed: product(id: "00012419") { reviews(first: 1) { nodes { __typename id key: reference } } }
}"""
ROOTS = ("Customer", "Order", "Product", "Invoice")


@pytest.fixture
async def samples(graph: Gateway) -> dict[str, dict[str, str]]:
    """Return one object of every type: its id and its business key."""
    data = await graph.ask(SAMPLES)
    reviewed = data.pop("reviewed")["reviews"]["nodes"]
    await graph.calls()
    return {one["__typename"]: one for one in [*data.values(), *reviewed]}


async def lookup(graph: Gateway, field: str, id: str) -> Any:
    return await graph.answer(f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=id)


def error_of(answer: Any) -> tuple[str, str]:
    [error] = answer["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.mark.parametrize("noun", KEYS)
async def test_node_resolves_the_global_id_of_every_type(graph: Gateway, samples: Any, noun: str) -> None:
    one = samples[noun]
    query = f"query($id: ID!) {{ node(id: $id) {{ __typename id ... on {noun} {{ key: {KEYS[noun]} }} }} }}"
    assert (await graph.ask(query, id=one["id"]))["node"] == one


@pytest.mark.parametrize("noun", ROOTS)
async def test_root_field_accepts_global_id_and_business_key(graph: Gateway, samples: Any, noun: str) -> None:
    one, field = samples[noun], noun.lower()
    for id in (one["id"], one["key"]):
        assert await lookup(graph, field, id) == {"data": {field: {"id": one["id"]}}}


@pytest.mark.parametrize("noun", ROOTS)
async def test_global_id_of_another_type_is_rejected_naming_both_types(graph: Gateway, samples: Any, noun: str) -> None:
    for other in set(KEYS) - {noun}:
        answer = await lookup(graph, noun.lower(), samples[other]["id"])
        code, message = error_of(answer)
        assert (code, answer["data"]) == ("BAD_INPUT", {noun.lower(): None})
        assert noun in message and other in message
    assert await graph.calls() == calls()


@pytest.mark.parametrize("noun", ROOTS)
async def test_lookup_of_a_missing_object_is_not_found(graph: Gateway, noun: str) -> None:
    answer = await lookup(graph, noun.lower(), "no-such-key")
    assert error_of(answer)[0] == "NOT_FOUND"
    assert answer["errors"][0]["path"] == [noun.lower()]


@pytest.mark.parametrize("id", ["", "x" * 300, "10001\n", "\x00"])
async def test_malformed_id_makes_no_backend_call(graph: Gateway, id: str) -> None:
    for field in ("customer", "order", "product", "invoice", "node"):
        assert error_of(await lookup(graph, field, id))[0] == "BAD_INPUT", field
    assert await graph.calls() == calls()


async def test_node_rejects_business_keys(graph: Gateway) -> None:
    for id in ("10001", "SO-100001", "Q3VzdG9tZXI", "Q3VzdG9tZXI6", "Tm90aGluZzox", "%%%"):
        assert error_of(await lookup(graph, "node", id))[0] == "BAD_INPUT", id
    assert await graph.calls() == calls()


async def test_key_is_escaped_in_the_backends_url(graph: Gateway) -> None:
    for key in ("../oauth/token", "10001/../10002", "10001?x=1", "10001&limit=1", "%31", "1 OR 1=1"):
        for field in ("customer", "order", "product", "invoice"):
            assert error_of(await lookup(graph, field, key))[0] == "NOT_FOUND", (field, key)


async def test_key_holding_a_separator_is_not_split_into_two_keys(graph: Gateway) -> None:
    answer = await graph.answer('{ both: customer(id: "10001,10002") { name } one: customer(id: "10003") { number } }')
    assert answer["data"] == {"both": None, "one": {"number": "10003"}}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["both"], "NOT_FOUND")]


CHANGES = {
    "input.id": [
        "mutation($id: ID!) { cancelOrder(input: {id: $id}) { __typename } }",
        "mutation($id: ID!) { updateCustomer(input: {id: $id}) { __typename } }",
    ],
    "input.productId": ["mutation($id: ID!) { reserveStock(input: {productId: $id, quantity: 1}) { __typename } }"],
    "input.customerId": [
        'mutation($id: ID!) { placeOrder(input: {customerId: $id, lines: [], idempotencyKey: "k"}) { __typename } }'
    ],
    "input.lines.1.productId": [
        """mutation($id: ID!) { placeOrder(input: {customerId: "1", idempotencyKey: "k", lines: [
          {productId: "1", quantity: 1}, {productId: $id, quantity: 1}]}) { __typename } }"""
    ],
}


@pytest.mark.parametrize("at", CHANGES)
async def test_invalid_id_in_an_input_object_is_reported_with_its_input_path(
    graph: Gateway, samples: Any, at: str
) -> None:
    for change in CHANGES[at]:
        for id in (samples["Invoice"]["id"], "", "\x00"):
            code, message = error_of(await graph.answer(change, id=id))
            assert code == "BAD_INPUT" and message.startswith(f"{at}: "), message
    assert await graph.calls() == calls()


async def test_input_object_accepts_both_id_forms_and_rejects_other_types(graph: Gateway, samples: Any) -> None:
    cancel = "mutation($id: ID!) { cancelOrder(input: {id: $id}) { __typename } }"
    assert error_of(await graph.answer(cancel, id=samples["Product"]["id"]))[0] == "BAD_INPUT"
    update = "mutation($id: ID!) { updateCustomer(input: {id: $id}) { __typename } }"
    for id in (samples["Customer"]["id"], samples["Customer"]["key"]):
        assert await graph.ask(update, id=id) == {"updateCustomer": {"__typename": "CustomerUpdated"}}
