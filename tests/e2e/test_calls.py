"""The exact number of calls that each query makes to each of the six backends, with empty and with full caches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from graphfold.graph.runtime import network
from tests.e2e.gateway import Gateway, calls, gateway

pytestmark = pytest.mark.anyio

CUSTOMERS = "query($n: Int!) {{ customers(first: $n) {{ nodes {{ id name email {more} }} }} }}"
ORDERED = "orders(first: 3) {{ nodes {{ lines {{ quantity {more} }} }} }}"

QUERIES = {
    "A": CUSTOMERS.format(more=""),
    "B": CUSTOMERS.format(more=ORDERED.format(more="")),
    "C": CUSTOMERS.format(more=ORDERED.format(more="product { name }")),
    "D": CUSTOMERS.format(more=ORDERED.format(more="product { name stock { onHand } }")),
    "E": CUSTOMERS.format(more=ORDERED.format(more="product { sku }")),
    "F": CUSTOMERS.format(more="invoices(first: 3) { nodes { number } }"),
    "G": CUSTOMERS.format(more="engagement { score }"),
}


def expected(name: str, n: int) -> dict[str, int]:
    """Return the counters when the token is cached."""
    return {
        "A": calls(crm=1),
        "B": calls(crm=1, shop=1),
        "C": calls(crm=1, shop=1, catalog=1),
        "D": calls(crm=1, shop=1, catalog=1, inventory=1),
        "E": calls(crm=1, shop=1),
        "F": calls(crm=1, billing=n),
        "G": calls(crm=1, marketing=1),
    }[name]


@pytest.mark.parametrize("n", [1, 20, 100])
@pytest.mark.parametrize("name", QUERIES)
async def test_query_makes_the_expected_number_of_backend_calls(graph: Gateway, name: str, n: int) -> None:
    answer = await graph.answer(QUERIES[name], n=n)
    assert len(answer["data"]["customers"]["nodes"]) == n
    cold = expected(name, n)
    assert await graph.calls() == cold | {"crm": cold["crm"] + 1}  # the first call of all gets a token
    assert await graph.answer(QUERIES[name], n=n) == answer  # errors of single entries are remembered, too
    assert await graph.calls() == calls()


@pytest.mark.parametrize("name", QUERIES)
async def test_crm_is_called_once_when_a_token_is_cached(graph: Gateway, name: str) -> None:
    await graph.ask('{ customer(id: "10200") { name } }')
    await graph.calls()
    await graph.answer(QUERIES[name], n=20)
    assert await graph.calls() == expected(name, 20)


async def test_equal_lookups_under_two_aliases_are_one_call(graph: Gateway) -> None:
    query = '{ a: customer(id: "10002") { name } b: customer(id: "10002") { name email } }'
    data = await graph.ask(query)
    assert data["a"]["name"] == data["b"]["name"]
    assert await graph.calls() == calls(crm=2)
    await graph.ask(query)
    assert await graph.calls() == calls()


async def test_business_key_and_global_id_of_one_customer_are_one_call(graph: Gateway) -> None:
    id = (await graph.ask('{ customer(id: "10003") { id } }'))["customer"]["id"]
    await graph.calls()
    query = '{ a: customer(id: "10004") { id phone } b: node(id: $id) { ... on Customer { phone } } }'
    both = query.replace("$id", f'"{id}"').replace("10004", "10003")
    await graph.ask(both)
    assert await graph.calls() == calls(crm=1)


async def test_equal_lists_under_two_aliases_are_one_call(graph: Gateway) -> None:
    page = "orders(first: 2) { nodes { number } }"
    await graph.ask(f"{{ customers(first: 5) {{ nodes {{ a: {page} b: {page} }} }} }}")
    assert await graph.calls() == calls(crm=2, shop=1)


async def test_lists_with_different_page_sizes_make_one_batch_each_for_all_parents(graph: Gateway) -> None:
    lists = "a: orders(first: 2) { nodes { number } } b: orders(first: 3) { nodes { number } }"
    await graph.ask(f"{{ customers(first: 20) {{ nodes {{ {lists} }} }} }}")
    assert await graph.calls() == calls(crm=2, shop=2)


async def test_nested_reference_to_a_loaded_customer_makes_no_call(graph: Gateway) -> None:
    there_and_back = "{ customer(id: %s) { name orders(first: 2) { nodes { customer { name email number } } } } }"
    await graph.ask(there_and_back % '"10005"')
    assert await graph.calls() == calls(crm=2, shop=1)


async def test_customers_loaded_by_a_page_are_reused_in_nested_fields(graph: Gateway) -> None:
    await graph.ask("{ customers(first: 20) { nodes { name orders(first: 1) { nodes { customer { name } } } } } }")
    assert await graph.calls() == calls(crm=2, shop=1)


async def test_selecting_only_the_key_of_a_customer_makes_no_call(graph: Gateway) -> None:
    await graph.ask('{ order(id: "SO-100001") { customer { id number } lines { product { id sku } } } }')
    assert await graph.calls() == calls(shop=1)


async def test_product_fields_selected_at_two_depths_are_one_call(graph: Gateway) -> None:
    product = 'product(id: "00012345") { name reviews(first: 3) { nodes { product { name price { amount } } } } }'
    await graph.ask(f"{{ {product} }}")
    assert await graph.calls() == calls(catalog=2)  # the product, and its reviews


async def test_narrower_selection_is_answered_from_the_cache(graph: Gateway) -> None:
    await graph.ask('{ customer(id: "10009") { name email phone } }')
    await graph.calls()
    await graph.ask('{ customer(id: "10009") { email } }')
    assert await graph.calls() == calls()
    await graph.ask('{ customer(id: "10009") { email vip } }')
    assert await graph.calls() == calls(crm=1)


async def test_concurrent_operations_share_backend_calls(graph: Gateway) -> None:
    query = '{ customer(id: "10011") { name } product(id: "00012345") { name stock { onHand } } }'
    answers = await asyncio.gather(*(graph.ask(query) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    assert await graph.calls() == calls(crm=2, catalog=1, inventory=1)


class Counting(httpx.AsyncBaseTransport):
    """A real network transport that counts concurrent calls, from request to the last byte."""

    def __init__(self) -> None:
        self.inner = network("billing")
        self.under_way = self.most = self.total = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.under_way, self.total = self.under_way + 1, self.total + 1
        self.most = max(self.most, self.under_way)
        response = await self.inner.handle_async_request(request)
        response.stream = Watched(response.stream, self)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


class Watched(httpx.AsyncByteStream):
    """A body that reports when it has been read."""

    def __init__(self, inner: httpx.SyncByteStream | httpx.AsyncByteStream, seen: Counting) -> None:
        assert isinstance(inner, httpx.AsyncByteStream)
        self.inner, self.seen = inner, seen

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.inner:
            yield chunk

    async def aclose(self) -> None:
        self.seen.under_way -= 1
        await self.inner.aclose()


async def test_billing_gets_at_most_eight_concurrent_calls(shared_sandbox: str) -> None:
    billing = Counting()
    async with gateway(shared_sandbox, lambda name: billing if name == "billing" else network(name)) as graph:
        await graph.suffer("billing", "latency", seconds=0.01)
        await graph.ask(QUERIES["F"], n=40)
        await graph.recover()
    assert (billing.most, billing.total, billing.under_way) == (8, 40, 0)
