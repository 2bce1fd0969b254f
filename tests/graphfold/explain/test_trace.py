"""Traces: what was really asked, with keys, times and what the caches knew; only in development, only on request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.testing import declaring, fakes
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

Called = dict[str, Any]


@pytest.fixture(autouse=True)
def _own_declarations() -> Iterator[None]:
    with declaring():
        yield


@asynccontextmanager
async def running(graph: Graph, office: Office | None = None) -> AsyncIterator[Graph]:
    graph.documents.development = True
    async with graph.running(transports=fakes(hr=office or Office())):
        yield graph


async def traced(graph: Graph, query: str) -> list[Called]:
    answer = await graph.execute(query, headers={"graphfold-explain": "trace"})
    assert list(answer.extensions) == ["trace"]
    calls: list[Called] = answer.extensions["trace"]["calls"]
    return calls


def told(called: Called, *names: str) -> tuple[Any, ...]:
    return tuple(called[name] for name in names)


async def test_calls_are_told_in_order_with_keys_and_times() -> None:
    async with running(people()) as graph:
        people_, notes = await traced(graph, '{ person(number: "2") { name notes { text } } }')
    assert told(people_, "backend", "operation", "keys", "keyCount", "error") == ("hr", "people", ["2"], 1, None)
    assert told(notes, "operation", "keys") == ("notes_of", ["2"])
    assert 0 <= people_["start"] <= people_["start"] + people_["ms"] <= notes["start"] + 0.02
    [sent] = people_["requests"]
    assert sent["status"] == 200
    assert people_["start"] - 0.01 <= sent["start"] <= people_["start"] + people_["ms"]


async def test_a_batch_that_is_split_is_told_part_by_part() -> None:
    async with running(people(max_size=2)) as graph:
        calls = await traced(graph, '{ many(numbers: ["1", "2", "3"]) { name } }')
    assert [called["keys"] for called in calls] == [["1", "2"], ["3"]]


async def test_many_keys_are_counted_and_some_told() -> None:
    numbers = ", ".join(f'"{number}"' for number in range(1, 31))
    async with running(people(), Office("Ann " * 30)) as graph:
        [called] = await traced(graph, f"{{ many(numbers: [{numbers}]) {{ name }} }}")
    assert (len(called["keys"]), called["keyCount"]) == (20, 30)


async def test_what_the_cache_knew_is_told_with_the_call_for_the_rest() -> None:
    async with running(people(ttl=60)) as graph:
        await traced(graph, '{ many(numbers: ["1", "2"]) { name } }')
        [called] = await traced(graph, '{ many(numbers: ["1", "2", "3"]) { name } }')
        assert told(called, "cached", "keys") == (2, ["3"])
        [known] = await traced(graph, '{ many(numbers: ["1", "3"]) { name } }')
        assert told(known, "cached", "keys", "ms", "requests") == (2, None, 0.0, [])


async def test_a_call_that_another_request_has_under_way_is_shared() -> None:
    office, asked, go_on = Office(), asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> Any:
        asked.set()
        await go_on.wait()
        return office.people(request)

    office.on("GET /people", slowly)
    async with running(people(ttl=60), office) as graph:
        first = asyncio.create_task(traced(graph, '{ person(number: "1") { name } }'))
        await asked.wait()
        second = asyncio.create_task(traced(graph, '{ a: person(number: "1") { name } staff { name } }'))
        while len(office.calls) < 2:
            await asyncio.sleep(0)
        go_on.set()
        [made], calls = await first, await second
    assert told(made, "shared", "keys") == (0, ["1"])
    [shared] = [called for called in calls if called["operation"] == "people"]
    assert told(shared, "shared", "keys", "requests") == (1, None, [])


async def test_failures_are_told_and_change_no_error() -> None:
    office = Office()
    office.on("GET /people", httpx.ConnectError("refused"))
    query = '{ person(number: "1") { name } }'
    async with running(people(), office) as graph:
        answer = await graph.execute(query, headers={"graphfold-explain": "trace"}, request_id="r")
        plain = await graph.execute(query, request_id="r")
    [called] = answer.extensions["trace"]["calls"]
    assert (called["error"], called["requests"][0]["status"]) == ("BACKEND_UNAVAILABLE", None)
    assert (answer.data, answer.errors) == (plain.data, plain.errors)


async def test_writes_and_pages_are_told_too() -> None:
    async with running(people(ttl=60)) as graph:
        [renamed] = await traced(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        [listed] = await traced(graph, "{ staff { name } }")
    assert told(renamed, "operation", "keys", "keyCount") == ("rename", None, 0)
    assert told(listed, "operation", "keys") == ("staff", None)


@pytest.mark.parametrize("execution", ["breadth-first", "graphql-core"])
async def test_answers_are_the_same_with_a_trace(execution: str) -> None:
    query = "{ staff { label boss { mail } notes { text author { name } } } }"
    async with running(people(ttl=60, environment={"GRAPHFOLD_EXECUTION": execution})) as graph:
        watched = await graph.execute(query, headers={"graphfold-explain": "trace,plan"})
        plain = await graph.execute(query)
    assert not watched.errors
    assert (watched.data, plain.extensions) == (plain.data, {})
    assert sorted(watched.extensions) == ["plan", "trace"]
    assert {called["operation"] for called in watched.extensions["trace"]["calls"]} >= {"staff", "notes_of"}


async def test_a_plan_shows_what_the_caches_hold() -> None:
    async with running(people(ttl=60)) as graph:
        held = []
        for _ in range(2):
            answer = await graph.execute('{ person(number: "1") { name } }', headers={"graphfold-explain": "Plan"})
            held.append(answer.extensions["plan"]["steps"][0]["cache"]["held"])
    assert held == [0, 1]


async def test_a_query_that_cannot_run_has_no_plan() -> None:
    async with running(people()) as graph:
        answer = await graph.execute("{ gone }", headers={"graphfold-explain": "plan"})
    assert (answer.extensions, len(answer.errors)) == ({}, 1)


async def test_outside_development_nobody_is_told() -> None:
    async with people().running(transports=fakes(hr=Office())) as graph:
        answer = await graph.execute('{ person(number: "1") { name } }', headers={"graphfold-explain": "plan, trace"})
    assert answer.extensions == {}


@pytest.mark.parametrize(("development", "extensions"), [(True, {"plan", "trace"}), (False, set[str]())])
async def test_the_header_arrives_by_http(*, development: bool, extensions: set[str]) -> None:
    graph = people()
    transport = httpx.ASGITransport(graph.app(development=development))
    async with graph.running(transports=fakes(hr=Office())), httpx.AsyncClient(transport=transport) as client:
        sent = {"query": '{ person(number: "1") { name } }'}
        reply = await client.post("http://gateway/graphql", json=sent, headers={"Graphfold-Explain": "plan, trace"})
    assert set(reply.json().get("extensions", {})) == extensions
