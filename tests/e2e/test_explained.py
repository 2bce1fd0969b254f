"""Explanations of the example queries agree with the backend calls that they make."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gateway import ROOT, Gateway

pytestmark = pytest.mark.anyio

EXAMPLES = sorted((ROOT / "queries").glob("*.graphql"))


async def both(graph: Gateway, query: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the plan and the trace of one run."""
    graph.graph.documents.development = True
    answer = await graph.graph.execute(query, headers={"graphfold-explain": "plan, trace"})
    assert not answer.errors, answer.errors
    return answer.extensions["plan"], answer.extensions["trace"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
async def test_explained_call_counts_match_the_backend_counters(own_graph: Gateway, path: Path) -> None:
    plan, trace = await both(own_graph, path.read_text())
    made = Counter[str]()
    for asked in trace["calls"]:
        made[asked["backend"]] += len(asked["requests"])
    announced = {backend["name"]: backend["calls"] for backend in plan["backends"]}
    assert made.keys() <= announced.keys()
    for backend, calls in announced.items():
        assert calls["least"] <= made[backend] <= calls["most"], backend


async def test_trace_call_counts_match_the_backend_counters(own_graph: Gateway) -> None:
    await own_graph.ask('{ customer(id: "10001") { id name } }')  # the token is there
    await own_graph.forget_calls()
    _, trace = await both(
        own_graph, "{ customers(first: 4) { nodes { orders(first: 2) { nodes { number } } balance { asOf } } } }"
    )
    counted = await own_graph.calls()
    made = {asked["backend"]: len(asked["requests"]) for asked in trace["calls"]}
    assert made == {"crm": 1, "shop": 1, "billing": 4}
    assert {backend: count for backend, count in counted.items() if count} == made


async def test_explanation_and_trace_report_cached_operations(own_graph: Gateway) -> None:
    query = '{ product(id: "00012345") { name } }'
    first, trace = await both(own_graph, query)
    assert (first["steps"][0]["cache"], trace["calls"][0]["cached"]) == ({"ttl": 300, "share": "public", "held": 0}, 0)
    again, trace = await both(own_graph, query)
    [asked] = trace["calls"]
    assert (again["steps"][0]["cache"]["held"], asked["cached"], asked["requests"]) == (1, 1, [])
