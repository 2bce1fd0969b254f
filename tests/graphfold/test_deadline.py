"""One deadline for an operation: every call for it gets what is left, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from graphfold import deadline
from graphfold.graph.graph import Graph
from graphfold.testing import fakes
from tests.graphfold.hurry import Hurry
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": Hurry}


def slow(office: Office, seconds: float) -> Callable[[httpx.Request], Awaitable[Any]]:
    async def answer(request: httpx.Request) -> Any:
        await asyncio.sleep(seconds)
        return office.people(request)

    return answer


@asynccontextmanager
async def running(seconds: float, **settings: str) -> AsyncIterator[tuple[Graph, Office]]:
    """Its backend answers after so many seconds."""
    office = Office()
    office.on("GET /people", slow(office, seconds))
    environment = {f"GRAPHFOLD_{name.upper()}": value for name, value in settings.items()}
    graph = people(environment=environment)
    async with graph.running(transports=fakes(hr=office)):
        yield graph, office


async def timed(work: Awaitable[Any]) -> tuple[Any, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return (await work).document(), loop.time() - began


async def code(graph: Graph, seconds: float | None = None) -> tuple[str, float]:
    """The code of the only error, and when the answer came."""
    answer, took = await timed(graph.execute(ANN, seconds=seconds))
    [error] = answer["errors"]
    return error["extensions"]["code"], round(took, 1)


async def test_the_setting_is_how_long_an_operation_may_take() -> None:
    async with running(60, deadline="3") as (graph, _):
        assert await code(graph) == ("DEADLINE_EXCEEDED", 3)


async def test_a_client_may_say_less_but_never_more() -> None:
    async with running(60, deadline="3") as (graph, _):
        assert await code(graph, 2) == ("DEADLINE_EXCEEDED", 2)
        assert await code(graph, 100) == ("DEADLINE_EXCEEDED", 3)


async def test_a_call_that_takes_its_own_time_is_the_backends_fault() -> None:
    async with running(60, call_timeout="1", deadline="3") as (graph, _):
        assert await code(graph) == ("BACKEND_TIMEOUT", 1)


async def test_what_comes_in_time_is_the_answer() -> None:
    async with running(2.9, deadline="3") as (graph, _):
        answer, took = await timed(graph.execute(ANN))
        assert answer == {"data": {"person": {"name": "Ann"}}}
        assert round(took, 1) == 2.9


async def test_there_is_no_deadline_outside_of_an_operation() -> None:
    async with running(0) as (graph, _):
        await graph.execute(ANN)
        assert deadline.current() is None
    assert deadline.within(7) == 7
