"""Traces: the backend calls of a request with keys, times and cache hits, in development and on request only."""

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


def values(called: Called, *names: str) -> tuple[Any, ...]:
    return tuple(called[name] for name in names)


async def test_trace_lists_calls_in_order_with_keys_and_times() -> None:
    async with running(people()) as graph:
        people_, notes = await traced(graph, '{ person(number: "2") { name notes { text } } }')
    assert values(people_, "backend", "operation", "keys", "keyCount", "error") == ("hr", "people", ["2"], 1, None)
    assert values(notes, "operation", "keys") == ("notes_of", ["2"])
    assert 0 <= people_["start"] <= people_["start"] + people_["ms"] <= notes["start"] + 0.02
    [sent] = people_["requests"]
    assert sent["status"] == 200
    assert people_["start"] - 0.01 <= sent["start"] <= people_["start"] + people_["ms"]


async def test_each_part_of_a_split_batch_is_a_call() -> None:
    async with running(people(max_size=2)) as graph:
        calls = await traced(graph, '{ many(numbers: ["1", "2", "3"]) { name } }')
    assert [called["keys"] for called in calls] == [["1", "2"], ["3"]]


async def test_long_key_lists_are_cut_and_counted() -> None:
    numbers = ", ".join(f'"{number}"' for number in range(1, 31))
    async with running(people(), Office("Ann " * 30)) as graph:
        [called] = await traced(graph, f"{{ many(numbers: [{numbers}]) {{ name }} }}")
    assert (len(called["keys"]), called["keyCount"]) == (20, 30)


async def test_cache_hits_are_counted_with_the_call_for_the_missing_keys() -> None:
    async with running(people(ttl=60)) as graph:
        await traced(graph, '{ many(numbers: ["1", "2"]) { name } }')
        [called] = await traced(graph, '{ many(numbers: ["1", "2", "3"]) { name } }')
        assert values(called, "cached", "keys") == (2, ["3"])
        [known] = await traced(graph, '{ many(numbers: ["1", "3"]) { name } }')
        assert values(known, "cached", "keys", "ms", "requests") == (2, None, 0.0, [])


async def test_in_flight_call_of_another_request_is_shared() -> None:
    office, called_once, go_on = Office(), asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> Any:
        called_once.set()
        await go_on.wait()
        return office.people(request)

    office.on("GET /people", slowly)
    async with running(people(ttl=60), office) as graph:
        first = asyncio.create_task(traced(graph, '{ person(number: "1") { name } }'))
        await called_once.wait()
        second = asyncio.create_task(traced(graph, '{ a: person(number: "1") { name } staff { name } }'))
        while len(office.calls) < 2:
            await asyncio.sleep(0)
        go_on.set()
        [made], calls = await first, await second
    assert values(made, "shared", "keys") == (0, ["1"])
    [shared] = [called for called in calls if called["operation"] == "people"]
    assert values(shared, "shared", "keys", "requests") == (1, None, [])


async def test_failures_are_traced_without_changing_the_error() -> None:
    office = Office()
    office.on("GET /people", httpx.ConnectError("refused"))
    query = '{ person(number: "1") { name } }'
    async with running(people(), office) as graph:
        answer = await graph.execute(query, headers={"graphfold-explain": "trace"}, request_id="r")
        plain = await graph.execute(query, request_id="r")
    [called] = answer.extensions["trace"]["calls"]
    assert (called["error"], called["requests"][0]["status"]) == ("BACKEND_UNAVAILABLE", None)
    assert (answer.data, answer.errors) == (plain.data, plain.errors)


async def test_writes_and_pages_are_traced() -> None:
    async with running(people(ttl=60)) as graph:
        [renamed] = await traced(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        [listed] = await traced(graph, "{ staff { name } }")
    assert values(renamed, "operation", "keys", "keyCount") == ("rename", None, 0)
    assert values(listed, "operation", "keys") == ("staff", None)


@pytest.mark.parametrize("execution", ["breadth-first", "graphql-core"])
async def test_trace_does_not_change_the_data(execution: str) -> None:
    query = "{ staff { label boss { mail } notes { text author { name } } } }"
    async with running(people(ttl=60, environment={"GRAPHFOLD_EXECUTION": execution})) as graph:
        watched = await graph.execute(query, headers={"graphfold-explain": "trace,plan"})
        plain = await graph.execute(query)
    assert not watched.errors
    assert (watched.data, plain.extensions) == (plain.data, {})
    assert sorted(watched.extensions) == ["plan", "trace"]
    assert {called["operation"] for called in watched.extensions["trace"]["calls"]} >= {"staff", "notes_of"}


async def test_plan_shows_the_number_of_cache_entries() -> None:
    async with running(people(ttl=60)) as graph:
        held = []
        for _ in range(2):
            answer = await graph.execute('{ person(number: "1") { name } }', headers={"graphfold-explain": "Plan"})
            held.append(answer.extensions["plan"]["steps"][0]["cache"]["held"])
    assert held == [0, 1]


async def test_invalid_query_has_no_plan() -> None:
    async with running(people()) as graph:
        answer = await graph.execute("{ gone }", headers={"graphfold-explain": "plan"})
    assert (answer.extensions, len(answer.errors)) == ({}, 1)


async def test_header_is_ignored_outside_development() -> None:
    async with people().running(transports=fakes(hr=Office())) as graph:
        answer = await graph.execute('{ person(number: "1") { name } }', headers={"graphfold-explain": "plan, trace"})
    assert answer.extensions == {}


@pytest.mark.parametrize(("development", "extensions"), [(True, {"plan", "trace"}), (False, set[str]())])
async def test_header_works_over_http(*, development: bool, extensions: set[str]) -> None:
    graph = people()
    transport = httpx.ASGITransport(graph.app(development=development))
    async with graph.running(transports=fakes(hr=Office())), httpx.AsyncClient(transport=transport) as client:
        sent = {"query": '{ person(number: "1") { name } }'}
        reply = await client.post("http://gateway/graphql", json=sent, headers={"Graphfold-Explain": "plan, trace"})
    assert set(reply.json().get("extensions", {})) == extensions
