"""Stale entries: served during a refresh, or when the backend fails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.loading.policy_options import CachingOptions
from graphfold.testing import ask, fakes
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'
STALE: CachingOptions = {"stale": 30, "stale_if_error": 300}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["breadth-first", "graphql-core"])
def graph(request: pytest.FixtureRequest) -> Graph:
    return people(ttl=60, caching=STALE, environment={"GRAPHFOLD_EXECUTION": request.param})


@asynccontextmanager
async def running(graph: Graph, office: Office, clock: Clock) -> AsyncIterator[Graph]:
    async with graph.running(transports=fakes(hr=office), timer=clock, chance=lambda: 0.0):
        yield graph


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


def paths(answer: Any) -> list[Any]:
    return [entry["path"] for entry in answer.extensions.get("freshness", [])]


async def test_fresh_answer_has_no_freshness_extension(graph: Graph, office: Office, clock: Clock) -> None:
    async with running(graph, office, clock):
        for _ in range(2):
            assert (await graph.execute(ANN)).extensions == {}


async def test_stale_entry_is_served_during_one_refresh(graph: Graph, office: Office, clock: Clock) -> None:
    async with running(graph, office, clock):
        await ask(graph, ANN)
        office.names["1"], clock.now = "Zoe", 75.0
        go_on = asyncio.Event()

        async def slow(request: httpx.Request) -> Any:
            await go_on.wait()
            return office.people(request)

        office.on("GET /people", slow)
        for _ in range(3):
            answer = await graph.execute(ANN)
            assert answer.data == {"person": {"name": "Ann"}}
            entry = {"path": ["person"], "age": 75.0, "because": "revalidating"}
            assert answer.extensions["freshness"] == [entry | {"backend": "hr", "operation": "people"}]
        await until(lambda: len(office.calls) == 2)
        go_on.set()
        await until(lambda: graph.runtime is not None and not graph.runtime._tasks)
        answer = await graph.execute(ANN)
        assert (answer.data, answer.extensions) == ({"person": {"name": "Zoe"}}, {})
    assert office.requests == ["people 1", "people 1"]


async def test_entry_past_its_stale_time_is_fetched(graph: Graph, office: Office, clock: Clock) -> None:
    async with running(graph, office, clock):
        await ask(graph, ANN)
        office.names["1"], clock.now = "Zoe", 90.0
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


OUTAGES = [
    (httpx.Response(500), "BACKEND_UNAVAILABLE"),
    (httpx.Response(503), "BACKEND_UNAVAILABLE"),
    (httpx.Response(504), "BACKEND_TIMEOUT"),
    (httpx.Response(429), "BACKEND_BUSY"),
    (httpx.ConnectError("refused"), "BACKEND_UNAVAILABLE"),
    (httpx.ReadTimeout("late"), "BACKEND_TIMEOUT"),
    (httpx.Response(200, text="<h1>Maintenance</h1>"), "BACKEND_BAD_REPLY"),
]


@pytest.mark.parametrize(("failure", "code"), OUTAGES)
async def test_stale_entry_replaces_an_outage(
    failure: Any, code: str, graph: Graph, office: Office, clock: Clock, log: list[Any]
) -> None:
    async with running(graph, office, clock):
        await ask(graph, ANN)
        clock.now = 350.0
        office.on("GET /people", failing(failure))
        answer = await graph.execute(ANN, request_id="r")
        assert (answer.data, answer.errors) == ({"person": {"name": "Ann"}}, [])
        (entry,) = answer.extensions["freshness"]
        assert (entry["path"], entry["age"], entry["because"]) == (["person"], 350.0, code)
        [line] = [line for line in log if line.get("answered_by") == "stale"]
        assert (line["log_level"], line["code"], line["request_id"]) == ("warning", code, "r")
        assert (line["backend"], line["operation"]) == (entry["backend"], entry["operation"])
        clock.now = 361.0
        assert (await graph.execute(ANN)).errors[0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (httpx.Response(401), "BACKEND_CREDENTIALS"),
        (httpx.Response(403), "BACKEND_CREDENTIALS"),
        (httpx.Response(400), "BACKEND_REJECTED"),
        (httpx.Response(415), "BACKEND_CONTRACT"),
        (httpx.Response(200, json=[{"no": "1", "called": "Ann"}]), "BACKEND_CONTRACT"),
    ],
)
async def test_stale_entry_does_not_replace_a_rejection(
    failure: Any, code: str, graph: Graph, office: Office, clock: Clock
) -> None:
    async with running(graph, office, clock):
        await ask(graph, ANN)
        clock.now = 100.0
        office.on("GET /people", failing(failure))
        answer = await graph.execute(ANN)
        assert answer.errors[0]["extensions"]["code"] == code
        assert answer.extensions == {}


def failing(failure: Any) -> Callable[[httpx.Request], Any]:
    def fail(_: httpx.Request) -> Any:
        if isinstance(failure, Exception):
            raise failure
        return failure

    return fail


async def test_freshness_names_exactly_the_stale_paths(graph: Graph, office: Office, clock: Clock) -> None:
    """The fields load by links, by resolvers that await once, several times or many at once, and inside of lists."""
    query = """{
      bob: person(number: "2") { name boss { name } notes { author { name } } }
      many(numbers: ["1", "2", "5"]) { name }
      initial(number: "1")
      some(numbers: ["1", "2", "3"]) { number boss { name } }
      fresh: seek(number: "4") { name }
    }"""
    async with running(graph, office, clock):
        await graph.execute(query)
        await until(lambda: graph.runtime is not None and not graph.runtime._tasks)
        clock.now = 70.0
        await ask(
            graph, '{ fresh: seek(number: "4") { name mail bossNumber } }'
        )  # refreshed with all fields that the query selects
        answer = await graph.execute(query)
        assert answer.errors == []
        bob = [["bob"], ["bob", "boss"], ["bob", "notes", 0, "author"], ["bob", "notes", 1, "author"]]
        others = [["initial"], ["many"], ["some", 0, "boss"], ["some", 1, "boss"], ["some", 2, "boss"]]
        assert sorted(paths(answer), key=str) == sorted(bob + others, key=str)


async def test_refresh_does_not_restore_an_invalidated_key(graph: Graph, office: Office, clock: Clock) -> None:
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> Any:
        rows = office.people(request)
        arrived.set()
        await go_on.wait()
        return rows

    async with running(graph, office, clock):
        await ask(graph, ANN)
        clock.now = 61.0
        office.on("GET /people", slow)
        await ask(graph, ANN)
        await arrived.wait()
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        go_on.set()
        await until(lambda: graph.runtime is not None and not graph.runtime._tasks)
        answer = await graph.execute(ANN)
        assert (answer.data, answer.extensions) == ({"person": {"name": "Zoe"}}, {})


async def test_write_invalidates_stale_fallbacks(graph: Graph, office: Office, clock: Clock) -> None:
    async with running(graph, office, clock):
        await ask(graph, ANN)
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        office.on("GET /people", httpx.Response(500))
        answer = await graph.execute(ANN)
        assert answer.errors[0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"


async def test_negative_entry_has_its_own_ttl(office: Office, clock: Clock) -> None:
    graph = people(ttl=60, caching={"negative_ttl": 5, "stale": 30})
    seek = '{ seek(number: "6") { name } }'
    async with running(graph, office, clock):
        assert await ask(graph, seek) == {"seek": None}
        office.names["6"], clock.now = "Fay", 4.0
        assert await ask(graph, seek) == {"seek": None}
        clock.now = 5.0
        assert await ask(graph, seek) == {"seek": {"name": "Fay"}}


async def test_stale_entries_are_per_viewer(office: Office, clock: Clock) -> None:
    graph = people(ttl=60, caching=STALE)
    async with running(graph, office, clock):
        await graph.execute(ANN, headers={"authorization": "ann"})
        clock.now = 61.0
        office.on("GET /people", httpx.Response(500))
        assert (await graph.execute(ANN, headers={"authorization": "ann"})).errors == []
        assert len((await graph.execute(ANN, headers={"authorization": "bob"})).errors) == 1


async def test_tenant_entries_are_shared_within_the_tenant_only(office: Office, clock: Clock) -> None:
    graph = people(ttl=60, share="tenant")
    graph.tenant_of = lambda headers: headers.get("tenant")
    async with running(graph, office, clock):
        for viewer, tenant in (("ann", "a"), ("bob", "a"), ("cid", "c"), ("dan", ""), ("eve", "")):
            headers = {"authorization": viewer} | ({"tenant": tenant} if tenant else {})
            await graph.execute(ANN, headers=headers)
    assert len(office.requests) == 4


async def test_entries_made_together_expire_apart(office: Office, clock: Clock) -> None:
    graph, drawn = people(ttl=100), iter([0.0, 1.0, 0.5])
    async with graph.running(transports=fakes(hr=office), timer=clock, chance=lambda: next(drawn)):
        await ask(graph, ANN)
        await ask(graph, '{ person(number: "2") { name } }')
        clock.now = 95.0
        await ask(graph, '{ a: person(number: "1") { name } b: person(number: "2") { name } }')
    assert office.requests == ["people 1", "people 2", "people 2"]
