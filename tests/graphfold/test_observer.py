"""Observers hear operations, steps, batches, attempts, breakers and quotas, and change nothing."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import strawberry

from graphfold import resolves
from graphfold.observer import (
    NO_OBSERVERS,
    AttemptEvent,
    BatchEvent,
    BreakerEvent,
    KeysEvent,
    Observer,
    Observers,
    OperationEvent,
    QuotaEvent,
    StepEvent,
)
from graphfold.resilience import Breaker, Resilience
from graphfold.testing import declaring, fakes
from graphfold.testing.graphs import graph_of
from tests.graphfold.people import Office, people
from tests.graphfold.resilience.shop import READ, FlakyBackend, shop

pytestmark = pytest.mark.anyio


class Recorder(Observer):
    """Records every event in order, with the name of its method."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, Any]] = []

    def operation_started(self, event: OperationEvent) -> None:
        self.recorded.append(("operation_started", event))

    def operation_ended(self, event: OperationEvent) -> None:
        self.recorded.append(("operation_ended", event))

    def step_ended(self, event: StepEvent) -> None:
        self.recorded.append(("step_ended", event))

    def keys_found(self, event: KeysEvent) -> None:
        self.recorded.append(("keys_found", event))

    def batch_started(self, event: BatchEvent) -> None:
        self.recorded.append(("batch_started", event))

    def batch_ended(self, event: BatchEvent) -> None:
        self.recorded.append(("batch_ended", event))

    def attempt_started(self, event: AttemptEvent) -> None:
        self.recorded.append(("attempt_started", event))

    def attempt_ended(self, event: AttemptEvent) -> None:
        self.recorded.append(("attempt_ended", event))

    def breaker_changed(self, event: BreakerEvent) -> None:
        self.recorded.append(("breaker_changed", event))

    def quota_changed(self, event: QuotaEvent) -> None:
        self.recorded.append(("quota_changed", event))

    def events(self, method: str) -> list[Any]:
        return [event for name, event in self.recorded if name == method]


async def test_events_of_a_query_come_in_order() -> None:
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        await graph.execute('query Q { person(number: "1") { name } }', request_id="r")
    assert [name for name, _ in recorder.recorded] == [
        "operation_started",
        "batch_started",
        "attempt_started",
        "attempt_ended",
        "batch_ended",
        "step_ended",
        "operation_ended",
    ]
    operation, batch, attempt, step = (
        recorder.events(name)[0] for name in ("operation_ended", "batch_ended", "attempt_ended", "step_ended")
    )
    assert (operation.request_id, operation.kind, operation.name, operation.codes) == ("r", "query", "Q", [])
    assert (batch.backend, batch.operation, batch.kind, list(batch.keys), batch.error) == (
        "hr",
        "people",
        "batch",
        ["1"],
        None,
    )
    assert (attempt.backend, attempt.operation, attempt.status, attempt.outcome) == ("hr", "people", 200, "ok")
    assert attempt.batch is batch
    assert (step.path, step.type_name, step.field_name, step.objects) == (("person",), "Query", "person", 1)
    assert operation.started <= batch.started <= attempt.started <= attempt.ended <= batch.ended <= operation.ended


async def test_step_event_counts_the_objects_of_a_level() -> None:
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        await graph.execute('{ many(numbers: ["1", "2", "3"]) { notes { text } } }')
    steps = {step.path: step.objects for step in recorder.events("step_ended")}
    assert steps == {("many",): 1, ("many", "notes"): 3}


async def test_cache_hits_are_counted() -> None:
    graph, recorder = people(ttl=60), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        await graph.execute('{ many(numbers: ["1", "2"]) { name } }')
        await graph.execute('{ many(numbers: ["1", "2", "3"]) { name } }')
    found = recorder.events("keys_found")
    assert {(event.backend, event.operation, event.joined) for event in found} == {("hr", "people", 0)}
    assert sum(event.cached for event in found) == 2


async def test_keys_in_flight_for_another_operation_are_counted() -> None:
    office, called, go_on = Office(), asyncio.Event(), asyncio.Event()

    async def slowly(request: httpx.Request) -> Any:
        called.set()
        await go_on.wait()
        return office.people(request)

    office.on("GET /people", slowly)
    graph, recorder = people(ttl=60), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=office)):
        first = asyncio.create_task(graph.execute('{ person(number: "1") { name } }'))
        await called.wait()
        second = asyncio.create_task(graph.execute('{ person(number: "1") { name } }'))
        while not recorder.events("keys_found"):
            await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, second)
    assert [(found.cached, found.joined) for found in recorder.events("keys_found")] == [(0, 1)]
    assert len(recorder.events("batch_ended")) == 1


async def test_failed_attempts_name_their_outcome() -> None:
    office = Office()
    office.on("GET /people", httpx.ConnectError("refused"))
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=office)):
        await graph.execute('{ person(number: "1") { name } }')
    attempts = recorder.events("attempt_ended")
    assert {(attempt.status, attempt.outcome) for attempt in attempts} == {(None, "BACKEND_UNAVAILABLE")}
    assert recorder.events("batch_ended")[0].error == "BACKEND_UNAVAILABLE"
    assert recorder.events("operation_ended")[0].codes == ["BACKEND_UNAVAILABLE"]


async def test_retries_are_attempts_of_one_batch() -> None:
    recorder = Recorder()
    async with shop(FlakyBackend(httpx.Response(503), 1), Resilience(retries=1), observer=recorder) as graph:
        await graph.execute(READ)
    attempts = recorder.events("attempt_ended")
    assert [(attempt.status, attempt.outcome) for attempt in attempts] == [(503, "BACKEND_UNAVAILABLE"), (200, "ok")]
    assert len({id(attempt.batch) for attempt in attempts}) == 1


async def test_refused_documents_are_observed() -> None:
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        await graph.execute("{ nothing")
    (ended,) = recorder.events("operation_ended")
    assert (ended.query, ended.kind, ended.name, ended.codes) == ("{ nothing", None, None, ["BAD_INPUT"])


async def test_breaker_events_name_each_state() -> None:
    recorder = Recorder()
    breaker = Resilience(retries=0, breaker=Breaker(calls=2, wait=0.01))
    async with shop(FlakyBackend(*[httpx.Response(500)] * 2, 1), breaker, observer=recorder) as graph:
        for _ in range(2):
            await graph.execute(READ)
        await asyncio.sleep(0.02)
        await graph.execute(READ)
    assert [(event.group, event.state) for event in recorder.events("breaker_changed")] == [
        ("", "open"),
        ("", "half-open"),
        ("", "closed"),
    ]


async def test_announced_quota_and_pause_are_events() -> None:
    recorder = Recorder()
    headers = {"RateLimit-Limit": "100", "RateLimit-Remaining": "7", "RateLimit-Reset": "30"}
    replies = [httpx.Response(200, json=1, headers=headers), httpx.Response(429, headers={"retry-after": "3"})]
    async with shop(FlakyBackend(*replies), Resilience(retries=0), observer=recorder) as graph:
        for _ in replies:
            await graph.execute(READ)
    events = recorder.events("quota_changed")
    assert QuotaEvent("shop", limit=100, left=7) in events
    assert QuotaEvent("shop", paused=3.0) in events


async def test_each_event_of_a_subscription_is_an_operation() -> None:
    @strawberry.type
    class Query:
        pass

    @strawberry.type
    class Subscription:
        pass

    @resolves(Query)
    async def one() -> int:
        return 1

    @resolves(Subscription)
    async def count() -> AsyncIterator[int]:
        yield 1
        yield 2

    graph, recorder = graph_of(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes()):
        answers = [answer async for answer in graph.subscribe("subscription S { count }")]
    assert len(answers) == 2
    ended = recorder.events("operation_ended")
    assert [(event.kind, event.name, event.codes) for event in ended] == [("subscription", "S", [])] * 2


async def test_failing_observer_is_logged_and_changes_nothing(log: list[Any]) -> None:
    class Failing(Observer):
        def operation_started(self, event: OperationEvent) -> None:
            raise ValueError("broken")

        def attempt_ended(self, event: AttemptEvent) -> None:
            raise ValueError("broken")

    graph, recorder = people(), Recorder()
    graph.observe(Failing())
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        answer = await graph.execute('{ person(number: "1") { name } }')
    assert answer.document() == {"data": {"person": {"name": "Ann"}}}
    assert len(recorder.events("attempt_ended")) == 1
    assert [line["event_type"] for line in log if line["event"] == "observer failed"] == [
        "OperationEvent",
        "AttemptEvent",
    ]


async def test_observers_without_a_method_are_not_called() -> None:
    class Operations(Observer):
        def operation_ended(self, event: OperationEvent) -> None:
            """Observe only the end."""

    observers = Observers([Operations()])
    assert len(observers.operation_ended) == 1
    assert not observers.step_ended
    assert not observers.observes_calls
    assert not NO_OBSERVERS.observes_operations


async def test_answers_are_equal_with_and_without_observers() -> None:
    query = '{ many(numbers: ["1", "9", "2"]) { name boss { name notes { text } } } }'
    answers = []
    for observed in (False, True):
        with declaring():
            graph = people()
        if observed:
            graph.observe(Recorder())
        async with graph.running(transports=fakes(hr=Office())):
            answers.append((await graph.execute(query, request_id="r")).document())
    assert answers[0] == answers[1]


async def test_cancelled_operation_has_an_end() -> None:
    office, called = Office(), asyncio.Event()

    async def hang(request: httpx.Request) -> Any:
        called.set()
        await asyncio.Event().wait()

    office.on("GET /people", hang)
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=office)):
        task = asyncio.create_task(graph.execute('{ person(number: "1") { name } }'))
        await called.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (event,) = recorder.events("operation_ended")
    assert (event.cancelled, event.ended is not None, event.codes) == (True, True, [])


async def test_refused_subscription_is_observed() -> None:
    graph, recorder = people(), Recorder()
    graph.observe(recorder)
    async with graph.running(transports=fakes(hr=Office())):
        answers = [answer async for answer in graph.subscribe("subscription {")]
    assert len(answers) == 1
    assert [event.codes for event in recorder.events("operation_ended")] == [["BAD_INPUT"]]
