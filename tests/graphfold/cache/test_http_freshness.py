"""HTTP caching headers of backends limit entries, and expired replies are revalidated (RFC 9111)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphfold.cache.freshness import Freshness
from graphfold.graph.graph import Graph
from graphfold.testing import ask, fakes
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class OfficeWithHeaders(Office):
    """An office that adds these headers, and answers 304 to a matching conditional request."""

    def __init__(self, **headers: str) -> None:
        super().__init__()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.statuses: list[int] = []
        self.on("GET /people", self.reply)

    def reply(self, request: httpx.Request) -> httpx.Response:
        rows, tag = self.people(request), f'"{",".join(self.names.values())}"'
        headers = self.headers | ({"etag": tag} if "etag" in self.headers else {})
        same = "if-none-match" in request.headers and request.headers["if-none-match"] == headers.get("etag")
        same = same or ("last-modified" in headers and "if-modified-since" in request.headers)
        self.statuses.append(304 if same else 200)
        return httpx.Response(304, headers=headers) if same else httpx.Response(200, headers=headers, json=rows)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def running(graph: Graph, office: Office, clock: Clock) -> AsyncIterator[Graph]:
    async with graph.running(transports=fakes(hr=office), timer=clock, chance=lambda: 0.0):
        yield graph


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"cache_control": "max-age=10"}, 10),
        ({"cache_control": "public, max-age=3600"}, 60),
        ({"cache_control": "max-age=50, s-maxage=20"}, 20),
        ({"cache_control": "max-age=50", "age": "30"}, 20),
        ({"cache_control": "max-age=10", "age": "30"}, 0),
        ({"cache_control": "max-age=nonsense"}, 0),
        ({"cache_control": "no-store"}, 0),
        ({"cache_control": "no-cache, max-age=50"}, 0),
        ({"cache_control": "private, max-age=50"}, 50),
        ({"date": "Fri, 20 Nov 2026 10:00:00 GMT", "expires": "Fri, 20 Nov 2026 10:00:30 GMT"}, 30),
        ({"expires": "0"}, 0),
        ({"expires": "0", "cache_control": "max-age=10"}, 10),
        ({"vary": "Accept, Accept-Encoding"}, 60),
        ({"vary": "*"}, 0),
    ],
)
async def test_entry_expires_when_the_backend_says(headers: dict[str, str], seconds: int, clock: Clock) -> None:
    office = OfficeWithHeaders(**headers)
    async with running(people(ttl=60), office, clock) as graph:
        await ask(graph, ANN)
        if seconds:
            clock.now = seconds - 0.1
            await ask(graph, ANN)
        assert len(office.calls) == 1
        clock.now = float(seconds)
        await ask(graph, ANN)
        assert len(office.calls) == 2


async def test_private_reply_is_not_shared(clock: Clock) -> None:
    office = OfficeWithHeaders(cache_control="private, max-age=50")
    async with running(people(ttl=60, share="public"), office, clock) as graph:
        for viewer in ("ann", "bob"):
            await graph.execute(ANN, headers={"authorization": viewer})
    assert len(office.calls) == 2


@pytest.mark.parametrize(("control", "calls"), [("max-age=9", 1), ("no-store", 3), ("private", 3)])
async def test_concurrent_viewers_share_storable_replies_only(control: str, calls: int, clock: Clock) -> None:
    office, arrived, go_on = OfficeWithHeaders(cache_control=control), asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> Any:
        arrived.set()
        await go_on.wait()
        return office.reply(request)

    office.on("GET /people", slow)
    async with running(people(ttl=60, share="public"), office, clock) as graph:
        queries = [
            asyncio.create_task(graph.execute(ANN, headers={"authorization": viewer})) for viewer in ("a", "b", "c")
        ]
        await arrived.wait()
        go_on.set()
        answers = await asyncio.gather(*queries)
    assert [answer.data for answer in answers] == [{"person": {"name": "Ann"}}] * 3
    assert len(office.calls) == calls


async def test_must_revalidate_forbids_stale_values(clock: Clock) -> None:
    office = OfficeWithHeaders(cache_control="max-age=10, must-revalidate")
    async with running(people(ttl=60, caching={"stale": 30, "stale_if_error": 300}), office, clock) as graph:
        await ask(graph, ANN)
        clock.now = 11.0
        office.on("GET /people", httpx.Response(500))
        assert (await graph.execute(ANN)).errors[0]["extensions"]["code"] == "BACKEND_UNAVAILABLE"


@pytest.mark.parametrize("validator", ["etag", "last_modified"])
async def test_expired_reply_is_revalidated(validator: str, clock: Clock) -> None:
    office = OfficeWithHeaders(cache_control="max-age=10", **{validator: "Fri, 20 Nov 2026 10:00:00 GMT"})
    async with running(people(ttl=60), office, clock) as graph:
        for clock.now in (0.0, 11.0, 20.0, 22.0):
            assert await ask(graph, ANN) == {"person": {"name": "Ann"}}
    assert office.statuses == [200, 304, 304]


async def test_changed_reply_replaces_the_old_one(clock: Clock) -> None:
    office = OfficeWithHeaders(cache_control="no-cache", etag="yes")
    async with running(people(ttl=60), office, clock) as graph:
        assert await ask(graph, ANN) == {"person": {"name": "Ann"}}
        assert await ask(graph, ANN) == {"person": {"name": "Ann"}}
        office.names["1"] = "Zoe"
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}
    assert office.statuses == [200, 304, 200]


async def test_validators_are_per_viewer(clock: Clock) -> None:
    office = OfficeWithHeaders(cache_control="no-cache", etag="yes")
    async with running(people(ttl=60), office, clock) as graph:
        for viewer in ("ann", "bob", "ann"):
            await graph.execute(ANN, headers={"authorization": viewer})
    assert office.statuses == [200, 200, 304]


async def test_write_drops_validators(clock: Clock) -> None:
    """Last-Modified has a resolution of one second, too coarse to notice the write."""
    office = OfficeWithHeaders(last_modified="Fri, 20 Nov 2026 10:00:00 GMT", cache_control="no-cache")
    async with running(people(ttl=60), office, clock) as graph:
        await ask(graph, ANN)
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


async def test_reply_in_flight_during_a_write_is_not_revalidated(clock: Clock) -> None:
    office = OfficeWithHeaders(last_modified="Fri, 20 Nov 2026 10:00:00 GMT", cache_control="no-cache")
    arrived, go_on = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> Any:
        response = office.reply(request)
        arrived.set()
        await go_on.wait()
        return response

    office.on("GET /people", slow)
    async with running(people(ttl=60), office, clock) as graph:
        early = asyncio.create_task(ask(graph, ANN))
        await arrived.wait()
        await ask(graph, 'mutation { rename(number: "1", name: "Zoe") { number } }')
        go_on.set()
        assert await early == {"person": {"name": "Ann"}}
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


async def test_uncached_operation_is_not_revalidated(clock: Clock) -> None:
    office = OfficeWithHeaders(etag="yes")
    async with running(people(), office, clock) as graph:
        for _ in range(2):
            await ask(graph, ANN)
    assert office.statuses == [200, 200]


def test_strictest_of_several_replies_counts() -> None:
    freshness = Freshness()
    freshness.add_reply({"cache-control": "max-age=60"}, 10)
    freshness.add_reply({"cache-control": "max-age=5, private", "age": "2"}, 20)
    freshness.add_reply({}, 30)
    assert (freshness.lifetime, freshness.age, freshness.private, freshness.storable, freshness.body_bytes) == (
        3.0,
        2.0,
        True,
        True,
        60,
    )


def test_vary_by_an_unkeyed_header_forbids_storing() -> None:
    freshness = Freshness()
    freshness.add_reply({"vary": "accept-language"}, 1, unkeyed={"x-request-id"})
    assert freshness.storable
    freshness.add_reply({"vary": "Accept, X-Request-Id"}, 1, unkeyed={"x-request-id"})
    assert not freshness.storable


NAMES = st.sampled_from(["cache-control", "vary", "age", "expires", "date", "etag"])
TEXTS = st.text(max_size=40) | st.sampled_from(["max-age=", "max-age=-1", "max-age=9e9", 'private="a, b"', ",,,=", "²"])


@given(st.lists(st.dictionaries(NAMES, TEXTS), max_size=4))
def test_lifetime_is_never_negative_and_never_grows(replies: list[dict[str, str]]) -> None:
    freshness, before = Freshness(), float("inf")
    for headers in replies:
        freshness.add_reply(headers, 1)
        assert 0 <= freshness.lifetime <= before
        assert freshness.age >= 0
        before = freshness.lifetime
