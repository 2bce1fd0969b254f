"""The end of an operation: no calls after it, bounded waiting, no garbage cycles."""

import asyncio
import gc
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

import httpx
import pytest
import strawberry
from structlog.testing import capture_logs

from graphfold import Keys, RestAdapter, Row, Wire, batch, by, resolves
from graphfold.conversions import Conversion
from graphfold.deadline import Deadline
from graphfold.graph.graph import Graph
from graphfold.loading.scope import OperationScope
from graphfold.resilience import Resilience
from graphfold.testing import FakeBackend, ask, declaring, fakes, graph_of
from graphfold.testing.conformance.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.anyio


def things(**settings: str) -> Graph:
    with declaring():

        @strawberry.type
        class Thing:
            number: str
            share: Decimal

        @strawberry.type
        class Query:
            pass

        half: Conversion[str, Decimal] = Conversion(
            "a fraction as text", str, lambda text: Decimal(1) / Fraction(text).numerator
        )

        class ThingRow(Row[Thing], key="number"):
            number: str
            share: Annotated[Decimal, Wire("part", half)]

        class Store(RestAdapter):
            resilience = Resilience(parallel=1)

            @batch()
            async def things(self, numbers: Keys[str]) -> dict[str, ThingRow]:
                return by(await self.get("/things", list[ThingRow], ids=",".join(numbers)), lambda row: row.number)

        @resolves(Query)
        async def thing(number: str, store: Store) -> Thing | None:
            return await store.things.load(number)

        @resolves(Query)
        def unawaited(number: str, store: Store) -> str:
            store.things.load(number)
            return number

        @resolves(Query)
        async def hasty(number: str, store: Store) -> str:
            return store.things.load(number).number  # type: ignore[attr-defined,no-any-return]  # the mistake under test

        return graph_of(settings)


def reply(request: httpx.Request) -> Any:
    return [{"number": number, "part": "1/2"} for number in request.url.params["ids"].split(",")]


@pytest.mark.parametrize("execution", ["breadth-first", "graphql-core"])
async def test_ended_operation_makes_no_calls(execution: str) -> None:
    backend, before = FakeBackend({"GET /things": reply}), asyncio.all_tasks()
    async with things(GRAPHFOLD_EXECUTION=execution).running(transports=fakes(store=backend)) as graph:
        assert await ask(graph, '{ unawaited(number: "1") }') == {"unawaited": "1"}
        cancelled = asyncio.ensure_future(graph.execute('{ thing(number: "1") { number } }'))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        for _ in range(10):
            await asyncio.sleep(0)
        assert backend.calls == []
        assert asyncio.all_tasks() <= before


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"loop_factory": VirtualTimeLoop})], ids=["virtual-time"])
async def test_bulkhead_queue_times_out_with_the_call() -> None:
    async def hang(request: httpx.Request) -> Any:
        await asyncio.Event().wait()

    graph = things(GRAPHFOLD_CALL_TIMEOUT="0.05")
    async with graph.running(transports=lambda _: httpx.MockTransport(hang)):
        answers = await asyncio.gather(*(graph.execute(f'{{ thing(number: "{i}") {{ number }} }}') for i in range(6)))
    codes = sorted(error["extensions"]["code"] for answer in answers for error in answer.errors)
    assert set(codes) == {"BACKEND_BUSY", "BACKEND_TIMEOUT"}
    assert codes.count("BACKEND_TIMEOUT") <= 2


async def test_conversion_error_names_the_backend() -> None:
    backend = FakeBackend({"GET /things": lambda _: [{"number": "1", "part": "0/1"}]})
    async with things().running(transports=fakes(store=backend)) as graph:
        answer = await graph.execute('{ thing(number: "1") { number share } }', request_id="r")
    (error,) = answer.errors
    expected = {"code": "BACKEND_CONTRACT", "retryable": False, "backend": "store", "operation": "things"}
    assert (error["path"], error["extensions"]) == (["thing", "share"], expected | {"requestId": "r"})


async def test_unawaited_load_has_an_explaining_error() -> None:
    backend = FakeBackend({"GET /things": reply})
    with capture_logs() as lines:
        async with things().running(transports=fakes(store=backend)) as graph:
            answer = await graph.execute('{ hasty(number: "1") }')
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"
    assert "Await it first: (await ...).number" in str(lines)


def living() -> list[Any]:
    return [each for each in gc.get_objects() if isinstance(each, (OperationScope, RestAdapter, Deadline))]


async def test_operation_leaves_no_garbage_cycles() -> None:
    graph = things()
    async with graph.running(transports=fakes(store=FakeBackend({"GET /things": reply}))):
        await ask(graph, '{ thing(number: "1") { number } }')
        gc.freeze()  # hides the objects of other tests, which their tracebacks may hold
        gc.disable()
        try:
            await ask(graph, '{ thing(number: "2") { number } }')
            await asyncio.sleep(0)
            assert living() == []
        finally:
            gc.enable()
            gc.unfreeze()
