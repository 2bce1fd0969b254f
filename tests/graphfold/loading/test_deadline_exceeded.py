"""After the deadline: the answer has the finished fields, and an error for each that was still loading."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import Keys, RestAdapter, Row, batch, by, each, read, resolves, write
from graphfold.errors import BackendError
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, fakes, graph_of
from graphfold.testing.conformance.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": VirtualTimeLoop}


@pytest.fixture(params=["breadth-first", "graphql-core"])
def environment(request: pytest.FixtureRequest) -> Mapping[str, str]:
    """Settings for each of the two executors."""
    return {"GRAPHFOLD_EXECUTION": request.param, "GRAPHFOLD_DEADLINE": "2", "GRAPHFOLD_CALL_TIMEOUT": "60"}


class Depot(FakeBackend):
    """A backend that answers at once, except for the part "never"."""

    def __init__(self) -> None:
        super().__init__({"GET /parts": self.parts, "GET /part": self.part, "POST /part": self.part})

    async def parts(self, request: httpx.Request) -> Any:
        return [await self.one(number) for number in request.url.params["ids"].split(",")]

    async def part(self, request: httpx.Request) -> Any:
        return await self.one(request.url.params["id"])

    async def one(self, number: str) -> Any:
        if number == "never":
            await asyncio.Event().wait()
        return {"number": number, "size": 1}


async def forever() -> None:
    await asyncio.Event().wait()


def workshop(environment: Mapping[str, str]) -> Graph:  # noqa: C901  # a graph: many functions of a line
    """Declare the graph: one field for each way in which a resolver can be late."""

    @strawberry.type
    class Part:
        number: str
        size: int

    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Mutation:
        pass

    class PartRow(Row[Part], key="number"):
        number: str
        size: int

    class Store(RestAdapter):
        identity = "service"

        @batch()
        async def parts(self, numbers: Keys[str]) -> dict[str, PartRow]:
            return by(await self.get("/parts", list[PartRow], ids=",".join(numbers)), lambda row: row.number)

        @batch(max_size=1)
        async def split(self, numbers: Keys[str]) -> dict[str, PartRow]:
            return by(await self.get("/parts", list[PartRow], ids=",".join(numbers)), lambda row: row.number)

        @batch()
        async def singles(self, numbers: Keys[str]) -> dict[str, PartRow | BackendError]:
            return await each(numbers, lambda number: self.get("/part", PartRow, id=number))

        @batch()
        async def stubborn(self, numbers: Keys[str]) -> dict[str, PartRow]:
            while "never" in numbers:
                try:
                    await forever()
                except asyncio.CancelledError:
                    await asyncio.sleep(0.5)
                    break
            return {number: PartRow(number=number, size=2) for number in numbers}

        @read()
        async def single(self, number: str) -> PartRow:
            return await self.get("/part", PartRow, id=number)

        @write()
        async def change(self, number: str) -> PartRow:
            return await self.request("POST", "/part", PartRow, id=number)

    @resolves(Query)
    def parts(numbers: list[str]) -> list[Part]:
        return [Part(number=number, size=1) for number in numbers]

    @resolves(Part)
    async def again(self: Part, store: Store) -> Part | None:
        return await store.parts.find(self.number)

    @resolves(Part)
    async def split(self: Part, store: Store) -> Part | None:
        return await store.split.find(self.number)

    @resolves(Part)
    async def single(self: Part, store: Store) -> Part | None:
        return await store.singles.load(self.number)

    @resolves(Part)
    async def computed(self: Part, store: Store) -> int | None:
        found = await store.singles.load(self.number)
        return found.size * 10

    @resolves(Part)
    async def stubborn(self: Part, store: Store) -> Part | None:
        return await store.stubborn.load(self.number)

    @resolves(Part)
    async def pair(self: Part, store: Store) -> int | None:
        one, other = await asyncio.gather(store.singles.load(self.number), store.single(self.number))
        return one.size + (other.size if other else 0)

    @resolves(Part)
    async def sleeps(self: Part) -> int | None:
        if self.number == "never":
            await forever()
        return 7

    @resolves(Part)
    async def swallows(self: Part) -> int | None:
        for _ in range(3):
            try:
                await forever()
            except asyncio.CancelledError:
                continue
        return 1

    @resolves(Part)
    async def times(self: Part) -> int | None:
        try:
            async with asyncio.timeout(30):
                await forever()
        except TimeoutError:
            return 1
        return 2

    @resolves(Part)
    async def later(self: Part, store: Store) -> int | None:
        try:
            await forever()
        finally:
            await store.parts.load(self.number)
        return 1

    @resolves(Part)
    async def required(self: Part, store: Store) -> Part:
        return await store.parts.load(self.number)

    @resolves(Query)
    async def items(until: int) -> list[int] | None:
        async def several() -> AsyncIterator[int]:
            yield 1
            await asyncio.sleep(until)
            yield 2

        return several()  # type: ignore[return-value]  # graphql-core accepts async iterators as lists

    @resolves(Mutation)
    async def change(number: str, store: Store) -> Part | None:
        return await store.change(number)

    return graph_of(environment=environment)


@asynccontextmanager
async def opened(environment: Mapping[str, str]) -> AsyncIterator[tuple[Graph, Depot]]:
    graph, depot = workshop(environment), Depot()
    async with graph.running(transports=fakes(store=depot)):
        yield graph, depot


async def run_into_deadline(graph: Graph, query: str) -> tuple[Any, list[list[str | int]]]:
    """Return the data and the paths of the late fields. Check that this takes two seconds and leaves no task."""
    loop, tasks = asyncio.get_running_loop(), asyncio.all_tasks()
    assert isinstance(loop, VirtualTimeLoop)
    began, skipped = loop.time(), loop.skipped
    answer = (await graph.execute(query)).document()
    assert loop.time() - began >= 2
    assert loop.skipped - skipped < 2.1  # virtual seconds: on a busy machine the clock shows more
    await asyncio.sleep(0)  # finished tasks end in the loop's next turn
    assert asyncio.all_tasks() == tasks
    for error in answer["errors"]:
        assert error["extensions"]["code"] == "DEADLINE_EXCEEDED"
        assert error["extensions"]["retryable"] is True
    return answer["data"], [error["path"] for error in answer["errors"]]


def of_parts(field: str, *numbers: str) -> str:
    return f"{{ parts(numbers: {json.dumps(numbers)}) {{ number {field} }} }}"


@pytest.mark.parametrize("field", ["split { size }", "single { size }"])
async def test_results_in_time_are_in_the_answer(environment: Mapping[str, str], field: str) -> None:
    name = field.partition(" ")[0]
    async with opened(environment) as (graph, _):
        data, late = await run_into_deadline(graph, of_parts(field, "a", "never"))
    assert data == {"parts": [{"number": "a", name: {"size": 1}}, {"number": "never", name: None}]}
    assert late == [["parts", 1, name]]


@pytest.mark.parametrize(("field", "value"), [("computed", 10), ("sleeps", 7), ("pair", 2)])
async def test_finished_resolvers_are_in_the_answer(environment: Mapping[str, str], field: str, value: int) -> None:
    async with opened(environment) as (graph, _):
        data, late = await run_into_deadline(graph, of_parts(field, "a", "never"))
    assert data == {"parts": [{"number": "a", field: value}, {"number": "never", field: None}]}
    assert late == [["parts", 1, field]]


@pytest.mark.parametrize("field", ["times", "swallows", "later"])
async def test_resolver_cannot_catch_the_deadline(
    environment: Mapping[str, str], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(environment) as (graph, _):
        before = asyncio.all_tasks()
        began = asyncio.get_running_loop().time()
        answer = (await graph.execute(of_parts(field, "a"))).document()
        assert asyncio.get_running_loop().time() - began < 2.1
        await asyncio.sleep(3)
        assert asyncio.all_tasks() == before
    assert answer["data"] == {"parts": [{"number": "a", field: None}]}
    [error] = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["parts", 0, field], "DEADLINE_EXCEEDED")


async def test_adapter_ignoring_cancellation_does_not_delay_the_answer(environment: Mapping[str, str]) -> None:
    async with opened(environment) as (graph, _):
        before = asyncio.all_tasks()
        began = asyncio.get_running_loop().time()
        answer = (await graph.execute(of_parts("stubborn { size }", "a", "never"))).document()
        assert asyncio.get_running_loop().time() - began < 2.1
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["DEADLINE_EXCEEDED"] * 2
        await asyncio.sleep(3)
        assert asyncio.all_tasks() == before


async def test_load_after_the_deadline_fails_without_a_call(environment: Mapping[str, str]) -> None:
    async with opened(environment) as (graph, depot):
        await graph.execute('{ parts(numbers: ["a"]) { later } }')
        await asyncio.sleep(1)
        assert depot.calls == []


async def test_late_non_null_value_nulls_its_parent(environment: Mapping[str, str]) -> None:
    async with opened(environment) as (graph, _):
        data, late = await run_into_deadline(
            graph, '{ a: parts(numbers: ["never"]) { required { size } } b: parts(numbers: ["x"]) { size } }'
        )
    assert data is None
    assert late == [["a", 0, "required"]]


async def test_endless_list_is_an_error(environment: Mapping[str, str]) -> None:
    async with opened(environment) as (graph, _):
        assert await run_into_deadline(graph, '{ items(until: 9) parts(numbers: ["x"]) { size } }') == (
            {"items": None, "parts": [{"size": 1}]},
            [["items"]],
        )
        answer = await graph.execute("{ items(until: 1) }")
        assert answer.document() == {"data": {"items": [1, 2]}}


async def test_mutations_after_the_deadline_do_not_start(environment: Mapping[str, str]) -> None:
    steps = (
        f'{name}: change(number: "{number}") {{ size }}' for name, number in (("a", "1"), ("b", "never"), ("c", "2"))
    )
    async with opened(environment) as (graph, depot):
        data, late = await run_into_deadline(graph, f"mutation {{ {' '.join(steps)} }}")
    assert data == {"a": {"size": 1}, "b": None, "c": None}
    assert late == [["b"], ["c"]]
    assert [call.url.params["id"] for call in depot.calls] == ["1", "never"]
