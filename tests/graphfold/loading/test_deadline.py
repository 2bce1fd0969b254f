"""An operation's deadline: every call is limited to the time left."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import RestAdapter, deadline, read, resolves
from graphfold.credentials import ClientCredentials
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, declaring, fakes, graph_of
from graphfold.testing.conformance.virtual_time import VirtualTimeLoop
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTimeLoop}


def slow(office: Office, seconds: float) -> Callable[[httpx.Request], Awaitable[Any]]:
    async def answer(request: httpx.Request) -> Any:
        await asyncio.sleep(seconds)
        return office.people(request)

    return answer


@asynccontextmanager
async def running(seconds: float, *, ttl: float = 0, **settings: str) -> AsyncIterator[tuple[Graph, Office]]:
    """Run the graph over a backend that answers after so many seconds."""
    office = Office()
    office.on("GET /people", slow(office, seconds))
    environment = {f"GRAPHFOLD_{name.upper()}": value for name, value in settings.items()}
    graph = people(ttl=ttl, environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        yield graph, office


async def timed(work: Awaitable[Any]) -> tuple[Any, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return (await work).document(), loop.time() - began


async def code(graph: Graph, seconds: float | None = None) -> tuple[str, float]:
    """Return the code of the only error, and the seconds until the answer."""
    answer, took = await timed(graph.execute(ANN, seconds=seconds))
    [error] = answer["errors"]
    return error["extensions"]["code"], round(took, 1)


async def test_setting_limits_an_operation() -> None:
    async with running(60, deadline="3") as (graph, _):
        assert await code(graph) == ("DEADLINE_EXCEEDED", 3)


async def test_client_may_shorten_the_deadline_only() -> None:
    async with running(60, deadline="3") as (graph, _):
        assert await code(graph, 2) == ("DEADLINE_EXCEEDED", 2)
        assert await code(graph, 100) == ("DEADLINE_EXCEEDED", 3)


async def test_call_timeout_is_the_backends_error() -> None:
    async with running(60, call_timeout="1", deadline="3") as (graph, _):
        assert await code(graph) == ("BACKEND_TIMEOUT", 1)


async def test_results_before_the_deadline_are_answered() -> None:
    async with running(2.9, deadline="3") as (graph, _):
        answer, took = await timed(graph.execute(ANN))
        assert answer == {"data": {"person": {"name": "Ann"}}}
        assert round(took, 1) == 2.9


async def test_no_deadline_outside_of_an_operation() -> None:
    async with running(0) as (graph, _):
        await graph.execute(ANN)
        assert deadline.current_deadline() is None
    assert deadline.timeout_within_deadline(7) == 7


async def test_waiter_fetches_again_after_the_requesters_deadline() -> None:
    async with running(3, ttl=60) as (graph, office):
        hasty = asyncio.ensure_future(code(graph, 1))
        await asyncio.sleep(0.5)
        patient, took = await timed(graph.execute(ANN))
        assert await hasty == ("DEADLINE_EXCEEDED", 1)
        assert patient == {"data": {"person": {"name": "Ann"}}}
        assert round(took, 1) == 3.5  # half a second of waiting for the first call, then its own
        assert office.requests == ["people 1", "people 1"]


async def test_waiter_with_less_time_leaves_the_call_running() -> None:
    async with running(3, ttl=60) as (graph, office):
        patient = asyncio.ensure_future(timed(graph.execute(ANN)))
        await asyncio.sleep(0.5)
        assert await code(graph, 1) == ("DEADLINE_EXCEEDED", 1)
        answer, took = await patient
        assert answer == {"data": {"person": {"name": "Ann"}}}
        assert round(took, 1) == 3
        assert office.requests == ["people 1"]


async def test_fetching_a_token_counts_against_the_deadline() -> None:
    with declaring():

        @strawberry.type
        class Query:
            pass

        class Shop(RestAdapter):
            credential = ClientCredentials("/token")

            @read()
            async def title(self) -> str:
                return await self.get("/name", str)

        @resolves(Query)
        async def name(shop: Shop) -> str:
            return await shop.title()

        graph = graph_of({"GRAPHFOLD_DEADLINE": "2"})

    async def late(_: httpx.Request) -> None:
        await asyncio.sleep(60)

    shop = FakeBackend({"POST /token": late})
    async with graph.running(transports=fakes(shop=shop)):
        answer, took = await timed(graph.execute("{ name }"))
        assert answer["errors"][0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert round(took, 1) == 2
        shop.on("POST /token", {"access_token": "t", "expires_in": 60})
        shop.on("GET /name", "here")
        assert (await graph.execute("{ name }")).document() == {"data": {"name": "here"}}


async def test_waiting_in_the_bulkhead_counts_against_the_deadline() -> None:
    async with running(4) as (graph, office):
        [hr] = graph.adapters
        busy = [asyncio.ensure_future(graph.execute(ANN)) for _ in range(hr.resilience.parallel)]
        await asyncio.sleep(1)
        assert await code(graph, 1) == ("DEADLINE_EXCEEDED", 1)
        assert len(office.calls) == hr.resilience.parallel
        assert all(answer.data for answer in await asyncio.gather(*busy))
