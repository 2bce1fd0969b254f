"""Retries: repeatable calls are retried after a failure that may pass, with backoff, within the budget and the time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from graphfold.resilience import Resilience
from tests.graphfold.resilience.shop import ADD, PUT, READ, FlakyBackend, codes, shop

pytestmark = pytest.mark.anyio

Clock = Callable[[], float]

MAINTENANCE = httpx.Response(503)
RETRYABLE: dict[str, Any] = {
    "500": httpx.Response(500),
    "502": httpx.Response(502),
    "503": MAINTENANCE,
    "504": httpx.Response(504),
    "429": httpx.Response(429),
    "refused": httpx.ConnectError("refused"),
    "reset": httpx.ReadError("reset"),
    "no connection in time": httpx.ConnectTimeout("late"),
    "cut while compressed": httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""),
}
RETRYABLE["cut while compressed"] = lambda _: httpx.Response(
    200, headers={"content-encoding": "gzip", "content-type": "application/json"}, stream=httpx.ByteStream(b"\x1f\x8b")
)
PERMANENT: dict[str, Any] = {
    "400": httpx.Response(400),
    "401": httpx.Response(401),
    "404": httpx.Response(404),
    "html": httpx.Response(200, html="<h1>Maintenance</h1>"),
    "nonsense": httpx.Response(200, json="one"),
}


@pytest.mark.parametrize("failure", RETRYABLE.values(), ids=RETRYABLE)
async def test_retryable_failure_is_retried(failure: Any) -> None:
    backend = FlakyBackend(failure, failure)
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert (answer.data, answer.errors) == ({"count": 1}, [])
    assert len(backend.calls) == 3


@pytest.mark.parametrize("failure", PERMANENT.values(), ids=PERMANENT)
async def test_permanent_failure_is_not_retried(failure: Any) -> None:
    backend = FlakyBackend(failure)
    async with shop(backend) as graph:
        await graph.execute(READ)
    assert len(backend.calls) == 1


@pytest.mark.parametrize(("query", "calls"), [(READ, 3), (PUT, 3), (ADD, 1)])
@pytest.mark.parametrize("failure", ["503", "refused", "reset"])
async def test_write_is_retried_only_when_declared_idempotent(query: str, calls: int, failure: str) -> None:
    backend = FlakyBackend(*[RETRYABLE[failure]] * 5)
    async with shop(backend) as graph:
        answer = await graph.execute(query)
    assert len(answer.errors) == 1
    assert len(backend.calls) == calls


@pytest.mark.parametrize(("status", "calls"), [(500, 3), (429, 3), (408, 3), (501, 1), (400, 1), (304, 1)])
async def test_raw_reply_is_returned_after_the_same_retries(status: int, calls: int) -> None:
    backend = FlakyBackend(*[httpx.Response(status)] * 5)
    async with shop(backend) as graph:
        answer = await graph.execute("{ raw }")
    assert (answer.data, len(backend.calls)) == ({"raw": status}, calls)


async def test_backoff_grows_and_has_jitter(clock: Clock) -> None:
    waits = []
    for _ in range(30):
        backend = FlakyBackend(MAINTENANCE, MAINTENANCE)
        async with shop(backend) as graph:
            await graph.execute(READ)
        first, second, third = backend.times
        waits.append((second - first, third - second))
    assert all(0 <= one <= 0.05 and 0 <= two <= 0.1 for one, two in waits)
    assert len(set(waits)) == 30


async def test_call_timeout_covers_all_retries(clock: Clock) -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.8)
        return MAINTENANCE

    backend, start = FlakyBackend(*[slow] * 9), clock()
    async with shop(backend, Resilience(retries=9), GRAPHFOLD_CALL_TIMEOUT="2") as graph:
        answer = await graph.execute(READ)
    assert clock() - start <= 2.001
    assert codes(answer) == ["BACKEND_TIMEOUT"]
    assert len(backend.calls) == 3


async def test_timed_out_call_is_not_retried(clock: Clock) -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend, start = FlakyBackend(hang), clock()
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert (codes(answer), len(backend.calls), round(clock() - start, 3)) == (["BACKEND_TIMEOUT"], 1, 5)


def in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)  # whole seconds: it may lose one


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("header", ["2", in_two_seconds])
async def test_retry_waits_for_retry_after(status: int, header: str | Callable[[], str], clock: Clock) -> None:
    text = header if isinstance(header, str) else header()
    backend = FlakyBackend(httpx.Response(status, headers={"retry-after": text}))
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert answer.data == {"count": 1}
    assert 1.9 < backend.times[1] - backend.times[0] < 3.8


@pytest.mark.parametrize(("seconds", "latest"), [(5, 2.55), (2.3, 2.25)])
async def test_retries_after_the_same_retry_after_are_spread(seconds: float, latest: float) -> None:
    waits = set[float]()
    for _ in range(20):
        backend = FlakyBackend(httpx.Response(429, headers={"retry-after": "2"}))
        async with shop(backend) as graph:
            answer = await graph.execute(READ, seconds=seconds)
        assert answer.data == {"count": 1}
        waits.add(backend.times[1] - backend.times[0])
    assert all(2 <= wait <= latest for wait in waits)
    assert len(waits) == 20
    assert max(waits) - min(waits) > 0.06, "further apart than backoff alone spreads them"


async def test_retry_without_time_to_end_is_not_begun() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.97)
        return MAINTENANCE

    for _ in range(20):
        backend = FlakyBackend(slow)
        async with shop(backend, GRAPHFOLD_CALL_TIMEOUT="1") as graph:
            assert codes(await graph.execute(READ)) == ["BACKEND_UNAVAILABLE"]
        assert len(backend.calls) == 1


async def test_failure_at_the_deadline_keeps_its_code() -> None:
    loop: Any = asyncio.get_running_loop()

    def busy(_: httpx.Request) -> Any:
        loop.pass_time(0.11)
        return MAINTENANCE

    backend = FlakyBackend(busy)
    async with shop(backend) as graph:
        answer = await graph.execute(READ, seconds=0.1)
    assert (codes(answer), len(backend.calls)) == (["BACKEND_UNAVAILABLE"], 1)


@pytest.mark.parametrize(("header", "seconds"), [("30", 30), ("999999999", 3600)])
async def test_long_retry_after_is_returned_to_the_client(header: str, seconds: float, clock: Clock) -> None:
    backend, start = FlakyBackend(httpx.Response(429, headers={"retry-after": header})), clock()
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert codes(answer) == ["BACKEND_BUSY"]
    assert answer.errors[0]["extensions"]["retryAfter"] == seconds
    assert (len(backend.calls), clock()) == (1, start)


@pytest.mark.parametrize("header", ["soon", "-1", "1e3", "", "Thu, 99 Foo"])
async def test_nonsense_retry_after_is_ignored(header: str) -> None:
    backend = FlakyBackend(httpx.Response(429, headers={"retry-after": header}))
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert answer.data == {"count": 1}


async def test_retries_can_be_set_by_the_operator(clock: Clock) -> None:
    backend = FlakyBackend(*[MAINTENANCE] * 9)
    async with shop(backend, GRAPHFOLD_SHOP_RETRIES="0") as graph:
        await graph.execute(READ)
    assert len(backend.calls) == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_retry_budget_bounds_retries_when_all_calls_fail(at_once: bool) -> None:
    backend = FlakyBackend(*[MAINTENANCE] * 1000)
    async with shop(backend, Resilience(breaker=None, parallel=100)) as graph:
        if at_once:
            await asyncio.gather(*(graph.execute(READ) for _ in range(60)))
        else:
            for _ in range(60):
                await graph.execute(READ)
    assert 60 < len(backend.calls) <= 69
