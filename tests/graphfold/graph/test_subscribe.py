"""`Graph.subscribe`: one answer for each event, with a scope of its own, and errors as answers."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
import strawberry

from graphfold import Keys, RestAdapter, batch, resolves
from graphfold.errors import NotFound
from graphfold.graph.graph import Graph
from graphfold.operation.answer import Answer
from graphfold.testing import FakeBackend, fakes
from graphfold.testing.graphs import graph_of

pytestmark = pytest.mark.anyio


class Source:
    """The events of the test, and what became of their generator."""

    def __init__(self, *events: Any) -> None:
        self.events, self.closed = events, False

    async def numbers(self) -> AsyncGenerator[int, None]:
        try:
            for event in self.events:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


def ticking(source: Source) -> Graph:
    @strawberry.type
    class Tick:
        number: int

    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Subscription:
        pass

    class Prices(RestAdapter):
        @batch(share="public")
        async def prices(self, numbers: Keys[int]) -> dict[int, int]:
            found: dict[str, int] = await self.get("/prices", dict[str, int], ids=",".join(map(str, numbers)))
            return {int(number): price for number, price in found.items()}

    @resolves(Tick)
    async def price(self: Tick, prices: Prices) -> int | None:
        return await prices.prices.load(self.number)

    @resolves(Tick)
    async def hangs(self: Tick) -> int | None:
        if self.number == 1:
            await asyncio.Event().wait()
        return self.number

    @resolves(Query)
    async def one() -> int:
        return 1

    @resolves(Subscription)
    async def ticks() -> AsyncIterator[Tick]:
        async with aclosing(source.numbers()) as numbers:
            async for number in numbers:
                yield Tick(number=number)

    return graph_of()


class Book(FakeBackend):
    """Prices of all numbers but 404."""

    def __init__(self) -> None:
        super().__init__({"GET /prices": self.prices})

    def prices(self, request: Any) -> dict[str, int]:
        return {number: 10 * int(number) for number in request.url.params["ids"].split(",") if number != "404"}


async def answers_of(graph: Graph, query: str, book: FakeBackend | None = None, **options: Any) -> list[Answer]:
    async with graph.running(transports=fakes(prices=book or Book())):
        return [answer async for answer in graph.subscribe(query, **options)]


async def test_subscribe_yields_an_answer_for_each_event() -> None:
    answers = await answers_of(ticking(Source(1, 2, 3)), "subscription { ticks { number } }")
    assert [answer.document() for answer in answers] == [{"data": {"ticks": {"number": n}}} for n in (1, 2, 3)]


async def test_each_event_has_its_own_loaders() -> None:
    book = Book()
    query = "subscription { ticks { a: price b: price } }"
    answers = await answers_of(ticking(Source(5, 5)), query, book)
    assert [answer.data for answer in answers] == [{"ticks": {"a": 50, "b": 50}}] * 2
    assert [call.url.params["ids"] for call in book.calls] == ["5", "5"]


async def test_error_of_a_field_leaves_the_other_events_alone() -> None:
    answers = await answers_of(ticking(Source(404, 2)), "subscription { ticks { number price } }")
    assert answers[0].data == {"ticks": {"number": 404, "price": None}}
    assert [error["path"] for error in answers[0].errors] == [["ticks", "price"]]
    assert answers[0].errors[0]["extensions"]["code"] == "NOT_FOUND"
    assert answers[1].document() == {"data": {"ticks": {"number": 2, "price": 20}}}


async def test_error_of_the_source_is_a_masked_last_answer() -> None:
    answers = await answers_of(ticking(Source(1, ValueError("hunter2"))), "subscription { ticks { number } }")
    assert len(answers) == 2
    assert answers[1].data is None
    assert [(error["message"], error["extensions"]["code"]) for error in answers[1].errors] == [
        ("Internal error.", "INTERNAL")
    ]


async def test_typed_error_of_the_source_keeps_its_code() -> None:
    answers = await answers_of(ticking(Source(NotFound("There is no such feed."))), "subscription { ticks { number } }")
    assert [error["extensions"]["code"] for answer in answers for error in answer.errors] == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ one }", "A query is not allowed here."),
        ("subscription { ticks { nothing } }", "Cannot query field 'nothing' on type 'Tick'."),
        ("subscription { ticks {", "Syntax Error: Expected Name, found <EOF>."),
        ("subscription A { ticks { number } } subscription B { ticks { number } }", "Say which operation to run"),
    ],
)
async def test_refused_subscription_is_one_answer_with_the_reason(query: str, message: str) -> None:
    source = Source(1)
    (answer,) = await answers_of(ticking(source), query)
    assert message in answer.errors[0]["message"]
    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"
    assert answer.errors[0]["extensions"]["requestId"]
    assert answer.data is None


async def test_closing_the_subscription_closes_its_source() -> None:
    source = Source(1, 2, 3)
    graph = ticking(source)
    async with graph.running(transports=fakes(prices=Book())):
        async with aclosing(graph.subscribe("subscription { ticks { number } }")) as answers:
            first = await anext(answers)
        assert first.data == {"ticks": {"number": 1}}
        assert source.closed


async def test_deadline_holds_for_each_event_alone() -> None:
    query = "subscription { ticks { number hangs } }"
    answers = await answers_of(ticking(Source(1, 2)), query, seconds=0.05)
    assert answers[0].errors[0]["extensions"]["code"] == "DEADLINE_EXCEEDED"
    assert answers[1].document() == {"data": {"ticks": {"number": 2, "hangs": 2}}}


async def test_failing_tenant_function_is_an_answer() -> None:
    def no_tenant(headers: Mapping[str, str]) -> str:
        raise KeyError(headers["x-tenant"])

    graph = ticking(Source(1))
    graph.tenant_of = no_tenant
    (answer,) = await answers_of(graph, "subscription { ticks { number } }")
    assert answer.errors[0]["extensions"]["code"] == "INTERNAL"


async def test_two_consumers_in_tasks_of_their_own_do_not_mix() -> None:
    graph = ticking(Source(1, 2, 3))
    async with graph.running(transports=fakes(prices=Book())):

        async def numbers() -> list[Any]:
            answers = graph.subscribe("subscription { ticks { number price } }")
            taken: list[Any] = []
            while True:
                task = asyncio.ensure_future(anext(answers, None))  # each event in another task and context
                if (answer := await task) is None:
                    return taken
                taken.append(answer.data)

        first, second = await asyncio.gather(numbers(), numbers())
    assert first == second == [{"ticks": {"number": n, "price": 10 * n}} for n in (1, 2, 3)]
