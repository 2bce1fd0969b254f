"""The example queries: titled, numbered, answered without an error by the smallest sandbox and by the usual one."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.company import Settings
from sandbox.server import running
from tests.e2e.gateway import BACKENDS, ROOT, Gateway, gateway

pytestmark = pytest.mark.anyio

EXAMPLES = sorted((ROOT / "queries").glob("*.graphql"))


def test_they_are_numbered_and_titled() -> None:
    assert EXAMPLES
    for place, path in enumerate(EXAMPLES, 1):
        title = path.read_text().partition("\n")[0]
        assert path.name.startswith(f"{place:02d}-")
        assert title.startswith("# ") and len(title) > len("# title")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_the_smallest_sandbox_answers(own_graph: Gateway, path: Path) -> None:
    data = await own_graph.ask(path.read_text())
    assert data and all(data.values())


async def test_the_usual_sandbox_answers() -> None:
    async with running(Settings(marketing_delay=0)) as sandbox, gateway(sandbox.url) as graph:
        for path in EXAMPLES:
            await graph.ask(path.read_text())


async def test_everything_about_a_customer_asks_all_six_backends(own_graph: Gateway) -> None:
    [everything] = [path.read_text() for path in EXAMPLES if "everything" in path.name]
    await own_graph.ask(everything)
    asked = await own_graph.calls()
    assert all(asked[backend] for backend in BACKENDS)


async def test_a_page_leads_to_the_next(own_graph: Gateway) -> None:
    [paging] = [path.read_text() for path in EXAMPLES if "page-by-page" in path.name]
    first = (await own_graph.ask(paging, first=30))["customers"]
    second = (await own_graph.ask(paging, first=30, after=first["pageInfo"]["endCursor"]))["customers"]
    assert len(first["nodes"]) + len(second["nodes"]) == 40
    assert not second["pageInfo"]["hasNextPage"]


async def test_an_order_sent_twice_is_placed_once(own_graph: Gateway) -> None:
    [placing] = [path.read_text() for path in EXAMPLES if "place-an-order" in path.name]
    once = await own_graph.ask(placing)
    assert once["placeOrder"]["__typename"] == "OrderPlaced"
    assert await own_graph.ask(placing) == once
