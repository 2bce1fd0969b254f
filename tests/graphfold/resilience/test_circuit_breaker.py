"""The circuit breaker: the failures it counts, how it opens, and how one probe closes it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from graphfold.credentials import PassThrough
from graphfold.graph.graph import Graph
from graphfold.resilience import Breaker, Resilience
from tests.graphfold.resilience.shop import ADD, READ, FlakyBackend, codes, shop

pytestmark = pytest.mark.anyio

Clock = Callable[[], float]
Answer = Callable[[httpx.Request], Any]

ONCE = Resilience(retries=0)
DOWN = httpx.Response(500)
FAILURES: dict[str, Any] = {
    "500": DOWN,
    "504": httpx.Response(504),
    "503, and when to come back": httpx.Response(503, headers={"retry-after": "0"}),
    "503, and nonsense": httpx.Response(503, headers={"retry-after": "soon"}),
    "refused": httpx.ConnectError("refused"),
    "html": httpx.Response(200, html="<h1>Maintenance</h1>"),
    "half": httpx.Response(200, content=b"[", headers={"content-type": "application/json"}),
    "too late": httpx.ReadTimeout("late"),
}
SUCCESSES: dict[str, Any] = {
    "400": httpx.Response(400),
    "401": httpx.Response(401),
    "403": httpx.Response(403),
    "404": httpx.Response(404),
    "429": httpx.Response(429),
    "wrong shape": httpx.Response(200, json={"count": "many"}),
}


async def codes_of(graph: Graph, times: int, query: str = READ) -> list[str]:
    """Return the error codes of so many answers, one after another."""
    answers = [await graph.execute(query) for _ in range(times)]
    return [code for answer in answers for code in codes(answer)]


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_breaker_opens_when_half_of_twenty_calls_failed(failure: Any) -> None:
    backend = FlakyBackend(*[1, failure] * 10, *[failure] * 5)
    async with shop(backend, ONCE) as graph:
        await codes_of(graph, 25)
        assert len(backend.calls) == 20
        answer = await graph.execute(READ)
    assert len(backend.calls) == 20
    error = answer.errors[0]["extensions"]
    assert (error["code"], error["retryable"], error["retryAfter"]) == ("BACKEND_UNAVAILABLE", True, pytest.approx(5))


@pytest.mark.parametrize("failure", ["500", "html", "half"])
async def test_breaker_counts_failures_to_read_a_raw_reply(failure: str) -> None:
    backend = FlakyBackend(*[FAILURES[failure]] * 30)
    async with shop(backend, ONCE) as graph:
        assert len(await codes_of(graph, 30, "{ judged }")) == 30
    assert len(backend.calls) == 20


async def test_breaker_counts_503_with_retry_after() -> None:
    backend = FlakyBackend(*[httpx.Response(503, headers={"retry-after": "5"})] * 60)
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        answers = [await graph.execute(READ, headers={"authorization": "Bearer ann"}) for _ in range(60)]
    errors = [(error["extensions"]["code"], error["extensions"]["retryAfter"]) for error in answers[0].errors]
    assert (errors, len(backend.calls)) == ([("BACKEND_UNAVAILABLE", 5)], 20)


@pytest.mark.parametrize("answer", SUCCESSES.values(), ids=SUCCESSES)
async def test_breaker_does_not_count_refusals(answer: Any) -> None:
    backend = FlakyBackend(*[answer] * 40)
    async with shop(backend, ONCE) as graph:
        await codes_of(graph, 40)
    assert len(backend.calls) == 40


async def test_breaker_does_not_count_contract_errors() -> None:
    wrong = httpx.Response(200, json={"count": "many"})
    async with shop(FlakyBackend(*[wrong] * 40)) as graph:
        assert set(await codes_of(graph, 40)) == {"BACKEND_CONTRACT"}
        assert (await graph.execute('{ price(sku: "a") }')).data == {"price": 1}


async def test_breaker_stays_closed_below_its_failure_share() -> None:
    backend = FlakyBackend(*[1, 1, DOWN] * 20)
    async with shop(backend, ONCE) as graph:
        await codes_of(graph, 60)
    assert len(backend.calls) == 60


async def test_breaker_does_not_count_quickly_cancelled_calls() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = FlakyBackend(*[hang] * 40)
    async with shop(backend, ONCE) as graph:
        calls = [asyncio.create_task(graph.execute(READ)) for _ in range(30)]
        await asyncio.sleep(0.1)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        backend.replies.clear()
        assert await codes_of(graph, 1) == []


async def test_breaker_does_not_count_calls_cut_off_by_a_short_deadline() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.5)
        return 1

    backend = FlakyBackend(*[slow] * 31)
    async with shop(backend, ONCE) as graph:
        answers = [await graph.execute(READ, seconds=0.1) for _ in range(30)]
        assert {code for answer in answers for code in codes(answer)} == {"DEADLINE_EXCEEDED"}
        assert await codes_of(graph, 1) == []


async def test_breaker_counts_abandoned_calls_from_slow_after_on() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = FlakyBackend(*[hang] * 99)
    async with shop(backend, Resilience(breaker=Breaker(slow_after=1.0, calls=5, window=60))) as graph:
        answers = [await graph.execute(READ, seconds=1.5) for _ in range(7)]
    assert [codes(answer) for answer in answers] == [["DEADLINE_EXCEEDED"]] * 5 + [["BACKEND_UNAVAILABLE"]] * 2
    assert len(backend.calls) == 5


async def concurrent_codes(graph: Graph, times: int, seconds: float) -> set[str]:
    """Return the error codes of so many rounds of ten concurrent operations with this deadline."""
    rounds = [await asyncio.gather(*(graph.execute(READ, seconds=seconds) for _ in range(10))) for _ in range(times)]
    return {code for answers in rounds for answer in answers for code in codes(answer)}


async def takes(seconds: float, answer: Any = 1) -> Any:
    await asyncio.sleep(seconds)
    return answer


async def test_breaker_opens_under_short_deadlines_when_a_backend_always_hung() -> None:
    backend = FlakyBackend(*[lambda _: takes(60)] * 400)
    async with shop(backend) as graph:
        assert await concurrent_codes(graph, 40, 2.5) == {"DEADLINE_EXCEEDED", "BACKEND_UNAVAILABLE"}
    assert len(backend.calls) < 100


async def test_breaker_opens_under_short_deadlines_when_a_backend_begins_to_hang() -> None:
    backend = FlakyBackend(*[lambda _: takes(0.05)] * 48, *[lambda _: takes(60)] * 800)
    async with shop(backend) as graph:
        assert await codes_of(graph, 48) == []
        assert await concurrent_codes(graph, 10, 1.5) == {"DEADLINE_EXCEEDED", "BACKEND_UNAVAILABLE"}
    assert len(backend.calls) < 48 + 100


async def test_breaker_stays_closed_under_short_deadlines_when_a_backend_was_always_slow() -> None:
    backend = FlakyBackend(*[lambda _: takes(0.5)] * 48, *[lambda _: takes(2)] * 400)
    async with shop(backend) as graph:
        assert await codes_of(graph, 48) == []
        assert await concurrent_codes(graph, 40, 1.5) == {"DEADLINE_EXCEEDED"}
        assert graph.state()["shop"]["breakers"]["default"]["slow"] == 0


async def test_breaker_does_not_count_slow_quota_refusals() -> None:
    backend = FlakyBackend(*[lambda _: takes(1.5, httpx.Response(429))] * 40)
    async with shop(backend, ONCE) as graph:
        assert await concurrent_codes(graph, 4, 2.5) == {"BACKEND_BUSY"}
    assert len(backend.calls) == 40


async def test_breaker_opens_on_slow_calls() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(1.0)
        return 1

    backend = FlakyBackend(*[slow] * 99)
    async with shop(backend, Resilience(breaker=Breaker(slow_after=1.0, calls=5, window=60))) as graph:
        assert await codes_of(graph, 7) == ["BACKEND_UNAVAILABLE"] * 2
    assert len(backend.calls) == 5


async def open_breaker(graph: Graph, backend: FlakyBackend) -> None:
    backend.replies = [DOWN] * 20
    await codes_of(graph, 20)
    backend.calls.clear()


async def test_half_open_breaker_sends_one_probe(clock: Clock) -> None:
    backend = FlakyBackend()

    async def late(_: httpx.Request) -> Any:
        await asyncio.sleep(0.5)
        return 1

    async with shop(backend, ONCE) as graph:
        await open_breaker(graph, backend)
        await asyncio.sleep(4.9)
        assert await codes_of(graph, 3) == ["BACKEND_UNAVAILABLE"] * 3
        await asyncio.sleep(0.2)
        backend.replies = [late]
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(10)))
        assert len(backend.calls) == 1
        assert sorted(codes(answer) for answer in answers) == [[], *[["BACKEND_UNAVAILABLE"]] * 9]
        assert await codes_of(graph, 5) == []


async def test_failed_probe_is_not_retried_and_reopens_the_breaker() -> None:
    backend = FlakyBackend()
    async with shop(backend, Resilience(retries=2)) as graph:
        await open_breaker(graph, backend)
        await asyncio.sleep(5.1)
        backend.replies = [DOWN]
        assert await codes_of(graph, 4) == ["BACKEND_UNAVAILABLE"] * 4
        assert len(backend.calls) == 1
        await asyncio.sleep(5.1)
        assert await codes_of(graph, 1) == []


@pytest.mark.parametrize("status", [401, 403])
async def test_probe_with_refused_credentials_closes_the_breaker(status: int) -> None:
    backend, ann = FlakyBackend(), {"authorization": "Bearer ann"}
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        backend.replies = [DOWN] * 20
        for _ in range(20):
            await graph.execute(READ, headers=ann)
        await asyncio.sleep(5.1)
        backend.replies = [httpx.Response(status)]
        await graph.execute(READ, headers=ann)
        assert graph.state()["shop"]["breakers"]["default"]["state"] == "closed"


async def test_unsent_probe_leaves_the_breaker_half_open() -> None:
    backend, ann = FlakyBackend(), {"authorization": "Bearer ann"}
    async with shop(backend, ONCE, "viewer", PassThrough()) as graph:
        backend.replies = [DOWN] * 20
        for _ in range(20):
            await graph.execute(READ, headers=ann)
        await asyncio.sleep(5.1)
        assert codes(await graph.execute(READ)) == ["UNAUTHENTICATED"]
        assert graph.state()["shop"]["breakers"]["default"]["state"] == "half-open"
        assert codes(await graph.execute(READ, headers=ann)) == []


async def test_cancelled_probe_makes_way_for_the_next() -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend = FlakyBackend()
    async with shop(backend, ONCE) as graph:
        await open_breaker(graph, backend)
        await asyncio.sleep(5.1)
        backend.replies = [hang]
        probe = asyncio.create_task(graph.execute(READ))
        await asyncio.sleep(0.1)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        assert await codes_of(graph, 1) == []


async def test_each_group_has_a_breaker_of_its_own() -> None:
    backend = FlakyBackend()
    async with shop(backend, ONCE) as graph:
        await open_breaker(graph, backend)
        assert await codes_of(graph, 1, ADD) == ["BACKEND_UNAVAILABLE"]
        assert await codes_of(graph, 1, "{ stock }") == []


@pytest.mark.parametrize("off", ["declared", "set"])
async def test_breaker_can_be_switched_off(off: str) -> None:
    backend, how = FlakyBackend(*[DOWN] * 60), Resilience(retries=0, breaker=Breaker() if off == "set" else None)
    async with shop(backend, how, GRAPHFOLD_SHOP_BREAKER="off" if off == "set" else "") as graph:
        await codes_of(graph, 60)
        assert graph.state()["shop"]["breakers"]["default"] == {"state": "off"}
    assert len(backend.calls) == 60


async def test_outage_adds_few_calls_and_recovery_is_fast(clock: Clock) -> None:
    backend = FlakyBackend(*[httpx.Response(503)] * 1000)
    async with shop(backend) as graph:
        for _ in range(60):
            await graph.execute(READ)
            await asyncio.sleep(0.1)
        assert len(backend.calls) <= 69
        backend.replies.clear()
        start = clock()
        while await codes_of(graph, 1):
            await asyncio.sleep(0.1)
        assert clock() - start < 35
