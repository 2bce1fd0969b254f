"""Results cached between operations: time to live, viewers, fields, invalidation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold.graph.graph import Graph
from graphfold.testing import ask, fakes
from tests.graphfold.people import Office, people, refused

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'


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


@asynccontextmanager
async def running(graph: Graph, office: Office, clock: Clock | None = None) -> AsyncIterator[Graph]:
    async with graph.running(transports=fakes(hr=office), timer=clock or Clock(), chance=lambda: 0.0):
        yield graph


async def test_entry_is_served_until_its_ttl(office: Office, clock: Clock) -> None:
    async with running(people(ttl=60), office, clock) as graph:
        for clock.now in (0.0, 59.9, 60.1):
            await ask(graph, ANN)
    assert office.requests == ["people 1", "people 1"]


async def test_only_uncached_keys_are_fetched(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        await ask(graph, '{ many(numbers: ["1", "3"]) { name } }')
        await ask(graph, '{ many(numbers: ["1", "2", "3", "4"]) { name } }')
    assert office.requests == ["people 1,3", "people 2,4"]


async def test_missing_key_is_cached(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        for _ in range(2):
            assert await ask(graph, '{ seek(number: "99") { name } }') == {"seek": None}
    assert office.requests == ["people 99"]


async def test_rejection_of_a_key_is_cached_and_failed_call_is_not(office: Office) -> None:
    async with running(people(ttl=60, answering=refused("2")), office) as graph:
        for _ in range(2):
            answer = await graph.execute('{ person(number: "2") { name } }')
            assert answer.errors[0]["message"] == "This one is secret."
        office.on("GET /people", httpx.Response(403))
        await graph.execute(ANN)
        office.on("GET /people", office.people)
        assert await ask(graph, ANN) == {"person": {"name": "Ann"}}
    assert office.requests == ["people 2", "people 1", "people 1"]


async def test_rejected_call_with_one_key_is_cached(office: Office) -> None:
    office.on("GET /people", lambda r: httpx.Response(422) if "2" in office.numbers(r) else office.people(r))
    async with running(people(ttl=60), office) as graph:
        for _ in range(2):
            answer = await graph.execute('{ a: person(number: "1") { name } b: person(number: "2") { name } }')
            assert (answer.data, len(answer.errors)) == ({"a": {"name": "Ann"}, "b": None}, 1)
    assert sorted(office.requests) == ["people 1", "people 1,2", "people 2"]


async def test_cache_is_bounded(office: Office) -> None:
    async with running(people(ttl=60, cache_size=2), office) as graph:
        for number in ("1", "2", "3", "3", "1"):
            await ask(graph, "query ($n: String!) { person(number: $n) { name } }", n=number)
    assert office.requests == ["people 1", "people 2", "people 3", "people 1"]


async def test_wider_entry_serves_narrower_query_not_vice_versa(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        await ask(graph, ANN)
        assert await ask(graph, '{ person(number: "1") { mail } }') == {"person": {"mail": "Ann@x.test"}}
        assert await ask(graph, '{ person(number: "1") { name mail } }') == {
            "person": {"name": "Ann", "mail": "Ann@x.test"}
        }
        for query in (ANN, '{ person(number: "1") { mail } }', '{ person(number: "1") { number } }'):
            await ask(graph, query)
    assert office.requests == ["people 1"] * 3
    assert [call.url.params["fields"] for call in office.calls] == [
        "name,no",
        "contact.mail,no",
        "contact.mail,name,no",
    ]


async def test_entries_are_per_viewer(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        for viewer in ("Basic a", "Basic b", "Basic a", ""):
            await graph.execute(ANN, headers={"authorization": viewer} if viewer else {})
    assert len(office.requests) == 3


async def test_public_entries_are_shared_by_all_viewers(office: Office) -> None:
    async with running(people(ttl=60, share="public"), office) as graph:
        for viewer in ("Basic a", "Basic b"):
            await graph.execute(ANN, headers={"authorization": viewer})
    assert len(office.requests) == 1


async def test_write_invalidates_entries_of_all_viewers(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        for viewer in ("a", "b"):
            await graph.execute(ANN, headers={"authorization": viewer})
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { name } }')
        for viewer in ("a", "b"):
            answer = await graph.execute(ANN, headers={"authorization": viewer})
            assert answer.data == {"person": {"name": "Zoe"}}


async def test_write_invalidates_pages(office: Office) -> None:
    async with running(people(ttl=60), office) as graph:
        await ask(graph, "{ staff { name } }")
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { name } }')
        assert (await ask(graph, "{ staff { name } }"))["staff"][0] == {"name": "Zoe"}


async def test_write_during_a_call_invalidates_its_result(office: Office) -> None:
    """The call may have read before the write or after it, so its result must not enter the cache."""
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> Any:
        rows = office.people(request)
        arrived.set()
        await go_on.wait()
        return rows

    async with running(people(ttl=60), office) as graph:
        office.on("GET /people", slow)
        reading = asyncio.create_task(ask(graph, ANN))
        await arrived.wait()
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        go_on.set()
        assert await reading == {"person": {"name": "Ann"}}
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


class Slow:
    """A route that holds each request until `go_on` is set; `left` is set when one is cancelled."""

    def __init__(self, office: Office) -> None:
        self.arrived, self.go_on, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.office = office
        office.on("GET /people", self)

    async def __call__(self, request: httpx.Request) -> Any:
        self.arrived.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        return self.office.people(request)


async def test_operations_share_a_call_in_flight(office: Office) -> None:
    slow = Slow(office)
    async with running(people(ttl=60), office) as graph:
        queries = [asyncio.create_task(ask(graph, ANN)) for _ in range(5)]
        await slow.arrived.wait()
        slow.go_on.set()
        assert await asyncio.gather(*queries) == [{"person": {"name": "Ann"}}] * 5
    assert office.requests == ["people 1"]


async def test_shared_call_survives_its_first_operation(office: Office) -> None:
    slow = Slow(office)
    async with running(people(ttl=60), office) as graph:
        first = asyncio.create_task(ask(graph, ANN))
        await slow.arrived.wait()
        second = asyncio.create_task(ask(graph, ANN))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        slow.go_on.set()
        assert await second == {"person": {"name": "Ann"}}
    assert office.requests == ["people 1"]


async def test_wider_query_does_not_join_a_narrower_call(office: Office) -> None:
    slow = Slow(office)
    async with running(people(ttl=60), office) as graph:
        narrow = asyncio.create_task(ask(graph, ANN))
        await slow.arrived.wait()
        slow.go_on.set()
        wide = asyncio.create_task(ask(graph, '{ person(number: "1") { name mail } }'))
        assert (await wide)["person"]["mail"] == "Ann@x.test"
        await narrow
        await ask(graph, '{ person(number: "1") { name mail } }')
    assert len(office.requests) == 2


async def test_uncached_call_ends_with_its_operation(office: Office) -> None:
    slow, before = Slow(office), asyncio.all_tasks()
    async with running(people(), office) as graph:
        queries = asyncio.create_task(ask(graph, ANN))
        await slow.arrived.wait()
        queries.cancel()
        with pytest.raises(asyncio.CancelledError):
            await queries
        assert slow.left.is_set()
        assert asyncio.all_tasks() == before


async def test_no_tasks_are_left_when_the_graph_stops(office: Office) -> None:
    """Shared calls are cancelled too, and the operations that wait for them get an error."""
    slow, before = Slow(office), asyncio.all_tasks()
    async with running(people(ttl=60), office) as graph:
        queries = asyncio.create_task(graph.execute(ANN))
        await slow.arrived.wait()
    assert slow.left.is_set()
    async with asyncio.timeout(5):
        answer = await queries
    assert answer.errors[0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"
    assert asyncio.all_tasks() == before


async def test_two_paths_to_a_row_are_one_call_with_all_fields(office: Office) -> None:
    query = '{ a: person(number: "2") { name } b: person(number: "2") { mail boss { number } } }'
    async with running(people(), office) as graph:
        await ask(graph, query)
    assert office.calls[0].url.params["fields"] == "boss,contact.mail,name,no"


@pytest.mark.parametrize("first", [False, True])
async def test_included_fields_are_requested(office: Office, first: bool) -> None:
    query = 'query ($mail: Boolean!) { person(number: "1") { name mail @include(if: $mail) } }'
    async with running(people(), office) as graph:
        for mail in (first, not first):
            data = await ask(graph, query, mail=mail)
            assert data["person"] == {"name": "Ann", **({"mail": "Ann@x.test"} if mail else {})}
    assert [("mail" in call.url.params["fields"]) for call in office.calls] == [first, not first]


async def test_resolver_reading_fields_requests_them(office: Office) -> None:
    async with running(people(), office) as graph:
        assert await ask(graph, '{ person(number: "1") { label } }') == {"person": {"label": "Ann <Ann@x.test>"}}
    assert office.calls[0].url.params["fields"] == "contact.mail,name,no"


async def test_reading_an_unrequested_field_raises(office: Office, log: list[Any]) -> None:
    async with running(people(), office) as graph:
        answer = await graph.execute('{ initial(number: "1") person(number: "2") { mail } }')
        whole = await ask(graph, '{ initialOfWhole(number: "1") person(number: "2") { mail } }')
    assert answer.data is None
    assert [error["path"] for error in answer.errors] == [["initial"]]
    assert "Person.name was read, but this query does not fetch it" in str(log)
    assert whole["initialOfWhole"] == "A"


async def test_type_outside_of_the_query_is_loaded_whole(office: Office) -> None:
    async with running(people(), office) as graph:
        assert await ask(graph, '{ initial(number: "1") }') == {"initial": "A"}
