"""Resolvers with derived adapters, nested rows, unions, subscriptions and custom errors."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import strawberry

from graphfold import Keys, Node, OnDemand, RestAdapter, Row, batch, by, each, finds, read, resolves, write
from graphfold.composition.global_ids import global_id
from graphfold.errors import BackendError, BackendRejected
from graphfold.operation.context import Request
from graphfold.testing import FakeBackend, ask, declaring, fakes, graph_of
from graphfold.viewer import Viewer
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio


async def test_subclass_of_an_adapter_is_a_backend_of_its_own() -> None:
    @strawberry.type
    class Query:
        pass

    class Crm(RestAdapter):
        identity = "service"

        @batch(ttl=60)
        async def points(self, numbers: Keys[str]) -> dict[str, int]:
            return await self.get("/points", dict[str, int], ids=",".join(numbers))

        @read()
        async def count(self) -> int:
            return await self.get("/count", int)

    class CrmAbroad(Crm):
        pass

    @resolves(Query)
    async def here(crm: Crm) -> list[int]:
        return [await crm.points.load("1"), await crm.count()]

    @resolves(Query)
    async def abroad(crm: CrmAbroad) -> list[int]:
        return [await crm.points.load("1"), await crm.count()]

    one = FakeBackend({"GET /points": {"1": 1}, "GET /count": 10})
    other = FakeBackend({"GET /points": {"1": 2}, "GET /count": 20})
    async with graph_of().running(transports=fakes(crm=one, crm_abroad=other)) as graph:
        assert await ask(graph, "{ here abroad }") == {"here": [1, 10], "abroad": [2, 20]}
        assert await ask(graph, "{ abroad here }") == {"here": [1, 10], "abroad": [2, 20]}


async def test_cache_entry_without_fields_of_a_nested_row_is_not_used() -> None:
    @strawberry.type
    class Place:
        town: str
        code: str

    @strawberry.type
    class Shop:
        number: str
        place: Place

    @strawberry.type
    class Query:
        pass

    class PlaceRow(Row[Place]):
        town: str
        code: Annotated[str, OnDemand("code")] = ""

    class ShopRow(Row[Shop], key="number"):
        number: str
        place: PlaceRow

    class Map(RestAdapter):
        @batch(ttl=60)
        async def shops(self, numbers: Keys[str]) -> dict[str, ShopRow]:
            return by(await self.get("/shops", list[ShopRow]), lambda row: row.number)

    @resolves(Query)
    async def shop(map: Map) -> Shop | None:
        return await map.shops.load("1")

    backend = FakeBackend({"GET /shops": [{"number": "1", "place": {"town": "Ulm", "code": "89073"}}]})
    async with graph_of().running(transports=fakes(map=backend)) as graph:
        assert await ask(graph, "{ shop { place { town } } }") == {"shop": {"place": {"town": "Ulm"}}}
        assert await ask(graph, "{ shop { place { code } } }") == {"shop": {"place": {"code": "89073"}}}
        await ask(graph, "{ shop { place { town code } } }")
    assert len(backend.calls) == 2


async def test_custom_error_class_reaches_every_response_path() -> None:
    """Errors are copied for each response path without their constructor, which may take any arguments."""

    class Refused(BackendRejected):
        def __init__(self, reply: dict[str, str]) -> None:
            super().__init__(reply["text"])
            self.reason = reply["reason"]

    @strawberry.type
    class Query:
        pass

    class Crm(RestAdapter):
        @batch()
        async def points(self, numbers: Keys[str]) -> dict[str, int | BackendError]:
            async def one(number: str) -> int:
                raise Refused({"text": f"Not {number}.", "reason": "R"})

            return await each(numbers, one)

    @resolves(Query)
    async def points(number: str, crm: Crm) -> int | None:
        try:
            return await crm.points.load(number)
        except Refused as refused:
            assert refused.reason == "R"
            raise

    async with graph_of().running(transports=fakes()) as graph:
        answer = await graph.execute('{ a: points(number: "1") b: points(number: "1") c: points(number: "2") }')
    assert [(e["path"], e["message"]) for e in answer.errors] == [
        (["a"], "Not 1."),
        (["b"], "Not 1."),
        (["c"], "Not 2."),
    ]


async def test_objects_with_unfetched_fields_resolve_in_unions_and_interfaces() -> None:
    @strawberry.type
    class Person(Node, key="number"):
        number: str
        name: str

    @strawberry.type
    class Nobody:
        why: str

    @strawberry.type
    class Query:
        pass

    class PersonRow(Row[Person], key="number"):
        number: str
        name: Annotated[str, OnDemand("name")] = ""

    class Hr(RestAdapter):
        @batch()
        async def people(self, numbers: Keys[str]) -> dict[str, PersonRow]:
            return by(await self.get("/people", list[PersonRow], ids=",".join(numbers)), lambda row: row.number)

    @finds(Person)
    async def by_number(number: str, hr: Hr) -> Person | None:
        return await hr.people.find(number)

    @resolves(Query)
    async def either(number: str, hr: Hr) -> Person | Nobody:
        return await hr.people.find(number) or Nobody(why="gone")

    known = {"1": [{"number": "1", "name": "Ann"}]}
    backend = FakeBackend({"GET /people": lambda request: known.get(request.url.params["ids"], [])})
    async with graph_of().running(transports=fakes(hr=backend)) as graph:
        found = await ask(
            graph, '{ either(number: "1") { __typename ... on Person { number } ... on Nobody { why } } }'
        )
        assert found == {"either": {"__typename": "Person", "number": "1"}}
        id = global_id("Person", "1")
        query = "query ($id: ID!) { node(id: $id) { __typename id ... on Person { number } } }"
        assert await ask(graph, query, id=id) == {"node": {"__typename": "Person", "id": id, "number": "1"}}
        assert await ask(graph, query, id=global_id("Person", "9")) == {"node": None}


async def test_none_of_a_read_is_cached() -> None:
    @strawberry.type
    class Person:
        name: str

    @strawberry.type
    class Query:
        pass

    class PersonRow(Row[Person]):
        name: str

    class Hr(RestAdapter):
        @read(ttl=60)
        async def best(self) -> PersonRow | None:
            return await self.get("/best", PersonRow | None)  # type: ignore[arg-type]  # mypy wants a class

        @write()
        async def drop(self) -> None:
            await self.exchange("DELETE", "/best", lambda reply: reply.status)
            self.best.forget()

    @resolves(Query)
    async def best(hr: Hr) -> Person | None:
        return await hr.best()

    backend = FakeBackend({"GET /best": None})
    async with graph_of().running(transports=fakes(hr=backend)) as graph:
        for _ in range(2):
            assert await ask(graph, "{ best { name } }") == {"best": None}
    assert len(backend.calls) == 1


async def test_each_subscription_event_loads_again() -> None:  # noqa: C901  # a graph: many functions of a line
    @strawberry.type
    class Tick:
        number: str

    @strawberry.type
    class Query:
        ok: bool = True

    @strawberry.type
    class Subscription:
        pass

    class Counter(RestAdapter):
        @read()
        async def value(self) -> int:
            return await self.get("/value", int)

        @batch(ttl=60)
        async def same(self, numbers: Keys[int]) -> dict[int, int]:
            return {number: number for number in numbers}

        @property
        def used(self) -> int:
            """Return how many keys have gone into the answer so far."""
            return sum(map(len, self.scope.dependencies.keys.values()))

    @resolves(Tick)
    async def value(self: Tick, counter: Counter) -> int:
        return await counter.value()

    @resolves(Query)
    async def value_now(counter: Counter) -> int:
        return await counter.value()

    @resolves(Subscription)
    async def ticks() -> AsyncIterator[Tick]:
        for number in "123":
            yield Tick(number=number)

    @resolves(Subscription)
    async def values(counter: Counter, most: int) -> AsyncIterator[Tick]:
        while (number := await counter.value()) < most:
            again = await counter.same.load(await counter.value())
            yield Tick(number=f"{number} {again} {counter.used}")

    async def events_of(query: str) -> list[Any]:
        numbers = iter(range(10, 20))
        backend = FakeBackend({"GET /value": lambda request: next(numbers)})
        async with graph_of().running(transports=fakes(counter=backend)) as graph:
            assert graph.runtime is not None
            context = Request(graph.runtime, Viewer(), "r", {})
            events = await graph.schema.subscribe(query, context_value=context)
            assert isinstance(events, AsyncIterator)
            return [(event.errors, event.data) async for event in events]

    each = [(None, {"ticks": {"a": n, "b": n}}) for n in (10, 11, 12)]
    assert await events_of("subscription { ticks { a: value b: value } }") == each
    known = [(None, {"values": {"number": number}}) for number in ("10 10 1", "11 11 1")]
    assert await events_of("subscription { values(most: 12) { number } }") == known


async def test_two_graphs_run_in_one_process() -> None:
    first, office = people(), Office()

    async with first.running(transports=fakes(hr=office)) as one:
        with declaring():
            second = people(ttl=60)
        other_office = Office("Zoe")
        async with second.running(transports=fakes(hr=other_office)) as two:
            query = '{ person(number: "1") { name } }'
            answers = await asyncio.gather(ask(one, query), ask(two, query))
    assert list(answers) == [{"person": {"name": "Ann"}}, {"person": {"name": "Zoe"}}]


async def test_execute_outside_running_raises() -> None:
    with pytest.raises(RuntimeError, match="the graph is not running"):
        await people().execute("{ __typename }")


async def test_fake_backend_reports_calls_without_a_route(log: list[Any]) -> None:
    with pytest.raises(AssertionError, match="no route for"):
        async with people().running(transports=fakes(hr=FakeBackend({"GET /staff": []}))) as graph:
            await graph.execute('{ person(number: "1") { name } }')
