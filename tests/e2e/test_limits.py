"""Limits of the reference graph that depend on variables."""

import pytest

from tests.e2e.gateway import gateway

pytestmark = pytest.mark.anyio

QUERY = """query($a: Int = 1, $b: Int = 1) {
    customers(first: 20) { nodes { orders(first: $a) { nodes { number } } } }
    products(first: $b) { nodes { sku } } }"""


async def test_complexity_limit_counts_page_sizes_of_each_requests_variables(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox, GRAPHFOLD_MAX_NODES="500") as graph:
        fine = await graph.answer(QUERY, b=100)
        refused = await graph.answer(QUERY, a=100)
    assert "errors" not in fine
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["LIMIT_EXCEEDED"]
