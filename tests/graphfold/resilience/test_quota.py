"""Quotas, declared or announced by the backend: calls wait for them, or fail at once where they would wait too long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx
import pytest

from graphfold.credentials import PassThrough
from graphfold.credentials.credential import Access, Credential
from graphfold.resilience import Quota, Resilience
from graphfold.transport.call import Call
from graphfold.transport.session import Session
from tests.graphfold.resilience.shop import READ, FlakyBackend, codes, shop

pytestmark = pytest.mark.anyio

Clock = Callable[[], float]

STOCK = "{ stock }"


def limited(left: int, reset: float, limit: int = 100, **more: str) -> httpx.Response:
    """Return a successful reply with the rate limit headers that most backends send."""
    headers = {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(left), "RateLimit-Reset": str(reset)}
    return httpx.Response(200, json=1, headers=headers | more)


def gaps(times: list[float]) -> list[float]:
    return [round(later - earlier, 3) for earlier, later in pairwise(times)]


async def test_calls_beyond_the_burst_are_spread() -> None:
    backend = FlakyBackend()
    async with shop(backend, Resilience(quota=Quota(2, burst=3))) as graph:
        answers = await asyncio.gather(*(graph.execute(READ) for _ in range(7)))
    assert [codes(answer) for answer in answers] == [[]] * 7
    assert gaps(backend.times) == [0, 0, 0.5, 0.5, 0.5, 0.5]


async def test_call_that_would_wait_too_long_fails_at_once(clock: Clock) -> None:
    backend = FlakyBackend()
    async with shop(backend, GRAPHFOLD_SHOP_CALLS_PER_MINUTE="6") as graph:
        start = clock()
        first, second = await graph.execute(READ), await graph.execute(READ)
        assert (codes(first), codes(second), clock()) == ([], ["BACKEND_BUSY"], start)
        assert second.errors[0]["extensions"]["retryAfter"] == pytest.approx(10)
        await asyncio.sleep(10)
        assert codes(await graph.execute(READ)) == []


async def test_cancelled_call_gives_its_token_back() -> None:
    backend = FlakyBackend()
    async with shop(backend, Resilience(quota=Quota(1))) as graph:
        await graph.execute(READ)
        leaving = [asyncio.create_task(graph.execute(READ)) for _ in range(3)]
        await asyncio.sleep(0.1)
        for call in leaving:
            call.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        await graph.execute(READ)
    assert gaps(backend.times) == [1]


async def test_cancelled_call_gives_back_to_the_window_it_was_taken_from() -> None:
    async def later(_: httpx.Request) -> Any:
        await asyncio.sleep(2.5)
        return limited(5, 100)

    backend = FlakyBackend(later, limited(0, 3))
    async with shop(backend) as graph:
        first = asyncio.create_task(graph.execute(READ))
        await asyncio.sleep(0.1)
        await graph.execute(READ)
        leaving = asyncio.create_task(graph.execute(READ))
        await first  # another window has begun
        left = graph.state()["shop"]["quota"]["left"]
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert graph.state()["shop"]["quota"]["left"] == left == 5


async def test_last_fifth_of_the_quota_is_reserved_for_critical_calls() -> None:
    backend = FlakyBackend()
    async with shop(backend, Resilience(quota=Quota(1, per=60, burst=10))) as graph:
        uncritical = [codes(await graph.execute(STOCK)) for _ in range(10)]
        critical = [codes(await graph.execute(READ)) for _ in range(2)]
    assert uncritical == [[]] * 8 + [["BACKEND_BUSY"]] * 2
    assert critical == [[], []]


USED_UP: dict[str, dict[str, str]] = {
    "draft 02": {"RateLimit-Remaining": "0", "RateLimit-Reset": "3", "RateLimit-Limit": "10, 10;w=60"},
    "draft 03": {"RateLimit": "limit=10, remaining=0, reset=3"},
    "draft 09": {"RateLimit": '"default";r=0;t=3', "RateLimit-Policy": '"default";q=10;w=60'},
    "seconds": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "3"},
    "with hyphens": {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "3"},
}


@pytest.mark.parametrize("headers", USED_UP.values(), ids=USED_UP)
async def test_call_waits_until_a_used_up_window_ends(headers: dict[str, str]) -> None:
    backend = FlakyBackend(httpx.Response(200, json=1, headers=headers))
    async with shop(backend) as graph:
        for _ in range(2):
            assert codes(await graph.execute(READ)) == []
    assert 3 <= gaps(backend.times)[0] <= 3.75


async def test_calls_that_waited_for_the_same_window_are_spread() -> None:
    backend = FlakyBackend(limited(0, 2))
    async with shop(backend) as graph:
        await graph.execute(READ)
        answers = await asyncio.gather(*(graph.execute(READ, seconds=2.2) for _ in range(20)))
    assert [codes(answer) for answer in answers] == [[]] * 20
    waits = [time - backend.times[0] for time in backend.times[1:]]
    assert all(2 <= wait <= 2.1 for wait in waits), "jitter takes at most half of the operations' remaining time"
    assert len(set(waits)) == 20


NONSENSE: list[dict[str, str]] = [
    {"RateLimit-Remaining": "0"},
    {"RateLimit-Remaining": "none", "RateLimit-Reset": "3"},
    {"RateLimit-Remaining": "-1", "RateLimit-Reset": "3"},
    {"RateLimit-Remaining": "0", "RateLimit-Reset": "tomorrow"},
    {"RateLimit-Remaining": "0", "RateLimit-Reset": "9" * 400},
    {"RateLimit": "0"},
    {"RateLimit": ";;r=;t=,"},
    {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1500000000"},
]


@pytest.mark.parametrize("headers", NONSENSE)
async def test_nonsense_headers_are_ignored(headers: dict[str, str]) -> None:
    backend = FlakyBackend(*[httpx.Response(200, json=1, headers=headers)] * 2)
    async with shop(backend) as graph:
        for _ in range(2):
            assert codes(await graph.execute(READ)) == []
    assert gaps(backend.times) == [0]


async def test_absurd_reset_time_holds_for_a_minute() -> None:
    backend = FlakyBackend(limited(0, 999_999_999))
    async with shop(backend) as graph:
        await graph.execute(READ)
        assert codes(await graph.execute(READ)) == ["BACKEND_BUSY"]
        await asyncio.sleep(60)
        assert codes(await graph.execute(READ)) == []


async def test_last_fifth_of_a_window_is_spread_and_reserved_for_critical_calls() -> None:
    backend = FlakyBackend(limited(3, 9, 20), *[limited(left, reset, 20) for left, reset in [(2, 9), (1, 6), (0, 3)]])
    async with shop(backend) as graph:
        await graph.execute(READ)
        assert codes(await graph.execute(STOCK)) == ["BACKEND_BUSY"]
        for _ in range(4):
            assert codes(await graph.execute(READ)) == []
    assert gaps(backend.times)[:3] == [0, 3, 3]
    assert 3 <= gaps(backend.times)[3] <= 3.75


async def test_retry_after_pauses_all_calls() -> None:
    backend = FlakyBackend(httpx.Response(429, headers={"retry-after": "2"}))
    async with shop(backend) as graph:
        first = asyncio.create_task(graph.execute(READ))
        await asyncio.sleep(0.1)
        assert codes(await graph.execute(STOCK)) == ["BACKEND_BUSY"]
        assert codes(await graph.execute(READ)) == codes(await first) == []
    assert 2 <= gaps(backend.times)[0] <= 2.5


async def test_waiting_call_fails_when_the_backend_asks_for_a_pause() -> None:
    async def late(_: httpx.Request) -> Any:
        await asyncio.sleep(0.5)
        return httpx.Response(429, headers={"retry-after": "30"})

    backend = FlakyBackend(late)
    async with shop(backend, Resilience(quota=Quota(1))) as graph:
        answers = await asyncio.gather(graph.execute(READ), graph.execute(READ))
    assert [codes(answer) for answer in answers] == [["BACKEND_BUSY"]] * 2
    assert len(backend.calls) == 1


async def test_pause_is_at_most_a_minute() -> None:
    backend = FlakyBackend(httpx.Response(429, headers={"retry-after": "999999999"}))
    async with shop(backend) as graph:
        assert codes(await graph.execute(READ)) == ["BACKEND_BUSY"]
        await asyncio.sleep(59)
        assert len(backend.calls) == 1
        await asyncio.sleep(1)
        assert codes(await graph.execute(READ)) == []


@pytest.mark.parametrize("propagated", [(), ("authorization",), ("cookie",)])
async def test_quota_announced_to_one_viewer_is_not_shared(clock: Clock, propagated: tuple[str, ...]) -> None:
    """A backend that identifies the viewer may announce the quota of this viewer alone."""
    backend, start = FlakyBackend(limited(0, 30), httpx.Response(429, headers={"retry-after": "30"})), clock()
    ann, credential = {"authorization": "Bearer ann", "cookie": "ann"}, None if propagated else PassThrough()
    async with shop(backend, identity="viewer", credential=credential, propagates=propagated) as graph:
        outcomes = [codes(await graph.execute(READ, headers=ann)) for _ in range(3)]
    assert (outcomes, clock()) == ([[], ["BACKEND_BUSY"], []], start)


async def test_quota_announced_to_the_service_credential_is_shared_between_viewers() -> None:
    backend = FlakyBackend(httpx.Response(429, headers={"retry-after": "30"}))
    async with shop(backend, identity="viewer", propagates=("accept-language",)) as graph:
        assert [codes(await graph.execute(READ)) for _ in range(3)] == [["BACKEND_BUSY"]] * 3
    assert len(backend.calls) == 1


class Renewed(Credential, Session):
    """A credential that can always be renewed."""

    def session(self, access: Access) -> Session:
        return self

    async def renewed(self, call: Call, refused: Call) -> Call:
        return call


async def test_resend_with_fresh_credentials_counts_for_quota_and_budget() -> None:
    backend = FlakyBackend(*[httpx.Response(401), 1] * 20)
    async with shop(backend, Resilience(quota=Quota(10, burst=40)), credential=Renewed()) as graph:
        for _ in range(20):
            assert codes(await graph.execute(READ)) == []
        state = graph.state()["shop"]
    assert (state["quota"]["tokens"], state["retriesLeft"]) == (0, 4)


async def test_snapshot_shows_the_remaining_quota() -> None:
    backend: Any = FlakyBackend(limited(42, 30))
    async with shop(backend, Resilience(quota=Quota(10))) as graph:
        await graph.execute(READ)
        quota = graph.state()["shop"]["quota"]
    assert quota == {"shed": 0, "tokens": 9.0, "burst": 10, "left": 42, "limit": 100, "seconds": 30.0}
