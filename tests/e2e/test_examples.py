"""The example queries: titled, numbered, answered without an error by the smallest sandbox and by the usual one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.company import Settings
from sandbox.server import running
from tests.e2e.gateway import BACKENDS, ROOT, Gateway, gateway

pytestmark = pytest.mark.anyio

EXAMPLES = sorted((ROOT / "queries").glob("*.graphql"))


def test_example_queries_are_numbered_and_titled() -> None:
    assert EXAMPLES
    for place, path in enumerate(EXAMPLES, 1):
        title = path.read_text().partition("\n")[0]
        assert path.name.startswith(f"{place:02d}-")
        assert title.startswith("# ") and len(title) > len("# title")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_example_query_succeeds_on_the_smallest_sandbox(own_graph: Gateway, path: Path) -> None:
    data = await own_graph.ask(path.read_text())
    assert data and all(data.values())


async def test_example_query_succeeds_on_the_default_sandbox() -> None:
    async with running(Settings(marketing_delay=0)) as sandbox, gateway(sandbox.url) as graph:
        for path in EXAMPLES:
            await graph.ask(path.read_text())


async def test_customer_overview_example_calls_all_six_backends(own_graph: Gateway) -> None:
    [everything] = [path.read_text() for path in EXAMPLES if "everything" in path.name]
    await own_graph.ask(everything)
    asked = await own_graph.calls()
    assert all(asked[backend] for backend in BACKENDS)


async def test_paging_example_continues_with_its_end_cursor(own_graph: Gateway) -> None:
    [paging] = [path.read_text() for path in EXAMPLES if "page-by-page" in path.name]
    first = (await own_graph.ask(paging, first=30))["customers"]
    second = (await own_graph.ask(paging, first=30, after=first["pageInfo"]["endCursor"]))["customers"]
    assert len(first["nodes"]) + len(second["nodes"]) == 40
    assert not second["pageInfo"]["hasNextPage"]


async def test_order_example_sent_twice_places_one_order(own_graph: Gateway) -> None:
    [placing] = [path.read_text() for path in EXAMPLES if "place-an-order" in path.name]
    once = await own_graph.ask(placing)
    assert once["placeOrder"]["__typename"] == "OrderPlaced"
    assert await own_graph.ask(placing) == once
