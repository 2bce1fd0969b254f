"""Calls that may be repeated are, after a failure that may pass: a little later, not for ever, and not too late."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from graphfold.resilience import Resilience
from tests.graphfold.resilience.shop import ADD, PUT, READ, Troubled, codes, shop

pytestmark = pytest.mark.anyio

Clock = Callable[[], float]

MAINTENANCE = httpx.Response(503)
PASSING: dict[str, Any] = {
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
PASSING["cut while compressed"] = lambda _: httpx.Response(
    200, headers={"content-encoding": "gzip", "content-type": "application/json"}, stream=httpx.ByteStream(b"\x1f\x8b")
)
LASTING: dict[str, Any] = {
    "400": httpx.Response(400),
    "401": httpx.Response(401),
    "404": httpx.Response(404),
    "html": httpx.Response(200, html="<h1>Maintenance</h1>"),
    "nonsense": httpx.Response(200, json="one"),
}


@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING)
async def test_what_may_pass_is_tried_again(trouble: Any) -> None:
    backend = Troubled(trouble, trouble)
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert (answer.data, answer.errors) == ({"count": 1}, [])
    assert len(backend.calls) == 3


@pytest.mark.parametrize("trouble", LASTING.values(), ids=LASTING)
async def test_what_would_fail_again_is_not(trouble: Any) -> None:
    backend = Troubled(trouble)
    async with shop(backend) as graph:
        await graph.execute(READ)
    assert len(backend.calls) == 1


@pytest.mark.parametrize(("query", "calls"), [(READ, 3), (PUT, 3), (ADD, 1)])
@pytest.mark.parametrize("trouble", PASSING.values(), ids=PASSING)
async def test_a_write_is_repeated_only_where_it_says_that_it_may_be(query: str, calls: int, trouble: Any) -> None:
    backend = Troubled(*[trouble] * 5)
    async with shop(backend) as graph:
        answer = await graph.execute(query)
    assert len(answer.errors) == 1
    assert len(backend.calls) == calls


@pytest.mark.parametrize(("status", "calls"), [(500, 3), (429, 3), (408, 3), (501, 1), (400, 1), (304, 1)])
async def test_a_raw_reply_is_handed_over_after_the_same_repetitions(status: int, calls: int) -> None:
    backend = Troubled(*[httpx.Response(status)] * 5)
    async with shop(backend) as graph:
        answer = await graph.execute("{ raw }")
    assert (answer.data, len(backend.calls)) == ({"raw": status}, calls)


async def test_the_waits_grow_and_are_not_the_same_for_all(clock: Clock) -> None:
    waits = []
    for _ in range(30):
        backend = Troubled(MAINTENANCE, MAINTENANCE)
        async with shop(backend) as graph:
            await graph.execute(READ)
        first, second, third = backend.times
        waits.append((second - first, third - second))
    assert all(0 <= one <= 0.05 and 0 <= two <= 0.1 for one, two in waits)
    assert len(set(waits)) == 30


async def test_a_call_and_its_repetitions_have_one_limit_in_time(clock: Clock) -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.8)
        return MAINTENANCE

    backend, start = Troubled(*[slow] * 9), clock()
    async with shop(backend, Resilience(retries=9), GRAPHFOLD_CALL_TIMEOUT="2") as graph:
        answer = await graph.execute(READ)
    assert clock() - start <= 2.001
    assert codes(answer) == ["BACKEND_TIMEOUT"]
    assert len(backend.calls) == 3


async def test_a_backend_that_hangs_is_not_asked_twice(clock: Clock) -> None:
    async def hang(_: httpx.Request) -> Any:
        await asyncio.sleep(60)

    backend, start = Troubled(hang), clock()
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert (codes(answer), len(backend.calls), round(clock() - start, 3)) == (["BACKEND_TIMEOUT"], 1, 5)


def in_two_seconds() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)  # whole seconds: it may lose one


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("told", ["2", in_two_seconds])
async def test_a_time_that_the_backend_names_is_waited_for(
    status: int, told: str | Callable[[], str], clock: Clock
) -> None:
    text = told if isinstance(told, str) else told()
    backend = Troubled(httpx.Response(status, headers={"retry-after": text}))
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert answer.data == {"count": 1}
    assert 1.9 < backend.times[1] - backend.times[0] < 3.8


@pytest.mark.parametrize(("seconds", "latest"), [(5, 2.55), (2.3, 2.25)])
async def test_who_was_told_the_same_time_does_not_come_back_together(seconds: float, latest: float) -> None:
    waits = set[float]()
    for _ in range(20):
        backend = Troubled(httpx.Response(429, headers={"retry-after": "2"}))
        async with shop(backend) as graph:
            answer = await graph.execute(READ, seconds=seconds)
        assert answer.data == {"count": 1}
        waits.add(backend.times[1] - backend.times[0])
    assert all(2 <= wait <= latest for wait in waits)
    assert len(waits) == 20
    assert max(waits) - min(waits) > 0.06, "further apart than those who were told nothing"


async def test_no_try_begins_that_has_no_time_to_end() -> None:
    async def slow(_: httpx.Request) -> Any:
        await asyncio.sleep(0.97)
        return MAINTENANCE

    for _ in range(20):
        backend = Troubled(slow)
        async with shop(backend, GRAPHFOLD_CALL_TIMEOUT="1") as graph:
            assert codes(await graph.execute(READ)) == ["BACKEND_UNAVAILABLE"]
        assert len(backend.calls) == 1


async def test_what_failed_as_the_time_ended_is_told_as_it_failed() -> None:
    loop: Any = asyncio.get_running_loop()

    def busy(_: httpx.Request) -> Any:
        loop.pass_time(0.11)
        return MAINTENANCE

    backend = Troubled(busy)
    async with shop(backend) as graph:
        answer = await graph.execute(READ, seconds=0.1)
    assert (codes(answer), len(backend.calls)) == (["BACKEND_UNAVAILABLE"], 1)


@pytest.mark.parametrize(("told", "seconds"), [("30", 30), ("999999999", 3600)])
async def test_a_time_that_is_too_long_is_told_instead(told: str, seconds: float, clock: Clock) -> None:
    backend, start = Troubled(httpx.Response(429, headers={"retry-after": told})), clock()
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert codes(answer) == ["BACKEND_BUSY"]
    assert answer.errors[0]["extensions"]["retryAfter"] == seconds
    assert (len(backend.calls), clock()) == (1, start)


@pytest.mark.parametrize("told", ["soon", "-1", "1e3", "", "Thu, 99 Foo"])
async def test_a_time_that_makes_no_sense_is_none(told: str) -> None:
    backend = Troubled(httpx.Response(429, headers={"retry-after": told}))
    async with shop(backend) as graph:
        answer = await graph.execute(READ)
    assert answer.data == {"count": 1}


async def test_the_operator_decides_how_often(clock: Clock) -> None:
    backend = Troubled(*[MAINTENANCE] * 9)
    async with shop(backend, GRAPHFOLD_SHOP_RETRIES="0") as graph:
        await graph.execute(READ)
    assert len(backend.calls) == 1


@pytest.mark.parametrize("at_once", [True, False])
async def test_when_all_calls_fail_few_are_added(at_once: bool) -> None:
    backend = Troubled(*[MAINTENANCE] * 1000)
    async with shop(backend, Resilience(breaker=None, parallel=100)) as graph:
        if at_once:
            await asyncio.gather(*(graph.execute(READ) for _ in range(60)))
        else:
            for _ in range(60):
                await graph.execute(READ)
    assert 60 < len(backend.calls) <= 69
