"""The web server in this process: startup, shutdown, client timeouts and rejection under load."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import strawberry
import structlog

from graphfold import resolves
from graphfold.server.admission import MAX_LATENESS, UNQUEUED
from graphfold.serving.client_connection import DEFAULT_TIMEOUTS, ClientTimeouts
from graphfold.serving.errors import ServingError
from graphfold.serving.web_server import serve_app
from graphfold.testing import declaring, graph_of
from graphfold.testing.conformance.virtual_time import VirtualTimeLoop

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Restore the garbage collector, which `serve_app` tunes for the whole process."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@dataclass
class Clock:
    """A clock that advances by `steps` at each reading, so that the speed of the machine does not matter."""

    steps: float = 0.0
    now: float = 0.0

    def __call__(self) -> float:
        self.now += self.steps
        return self.now


@pytest.fixture
def app() -> Iterator[Any]:
    with declaring(), structlog.testing.capture_logs() as log:

        @strawberry.type
        class Query:
            pass

        @resolves(Query)
        def name() -> str:
            return "graph"

        @resolves(Query)
        def long() -> str:
            return "long" * 2_500_000

        @resolves(Query)
        async def slow(number: int = 0) -> str:
            begun.set()
            app.state.waiting += 1
            await finish.wait()
            return "done"

        begun, finish = asyncio.Event(), asyncio.Event()
        clock = Clock()
        app = graph_of({"GRAPHFOLD_DEADLINE": "60"}).app(timer=clock)
        app.state.begun, app.state.finish, app.state.waiting, app.state.log = begun, finish, 0, log
        app.state.clock = clock
        yield app


async def test_app_is_served_until_the_block_ends(app: Any) -> None:
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        async with serve_app(app, listener), httpx.AsyncClient(trust_env=False) as client:
            response = await client.post(url, json={"query": "{ name }"})
            assert response.json() == {"data": {"name": "graph"}}
    assert asyncio.all_tasks() == before


async def stop_during_a_request(app: Any, grace: float, action: Callable[[], None]) -> httpx.Response:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
            async with serve_app(app, listener, grace=grace):
                request = asyncio.create_task(client.post(url, json={"query": "{ slow }"}))
                await app.state.begun.wait()
                stopping = asyncio.create_task(run_once_draining(app, action))
            await stopping
            return await request


async def run_once_draining(app: Any, action: Callable[[], None]) -> None:
    while not app.state.health.draining:
        await asyncio.sleep(0)
    action()


async def test_shutdown_lets_requests_in_flight_finish(app: Any) -> None:
    response = await stop_during_a_request(app, 60, app.state.finish.set)
    assert (response.status_code, response.json()) == (200, {"data": {"slow": "done"}})


async def test_shutdown_cancels_requests_after_the_grace_period(app: Any) -> None:
    response = await stop_during_a_request(app, 0.05, lambda: None)
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (504, "DEADLINE_EXCEEDED")
    assert error["message"] == "The gateway is shutting down."


def send_slow_queries(client: httpx.AsyncClient, url: str, count: int) -> list[asyncio.Task[httpx.Response]]:
    """Send slow queries, each different: equal ones would be coalesced."""
    queries = [f"{{ slow(number: {number}) }}" for number in range(count)]
    return [asyncio.create_task(client.post(url, json={"query": query})) for query in queries]


@asynccontextmanager
async def overloaded(app: Any, client: httpx.AsyncClient, url: str) -> AsyncIterator[None]:
    """Make every check of the event loop late, with many operations in flight."""
    waiting = send_slow_queries(client, url, UNQUEUED + 1)
    while app.state.waiting <= UNQUEUED:
        await asyncio.sleep(0)
    app.state.clock.steps = 2 * MAX_LATENESS
    while not app.state.admission.overloaded:
        await asyncio.sleep(0)
    try:
        yield
    finally:
        app.state.clock.steps = 0.0
        app.state.finish.set()
        assert {response.status_code for response in await asyncio.gather(*waiting)} == {200}


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Serve the application; yield a client and the URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        limits = httpx.Limits(max_connections=None)
        async with serve_app(app, listener), httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as client:
            yield client, f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"


async def test_overloaded_connection_rejects_graphql_requests(app: Any) -> None:
    async with served(app) as (client, url):
        async with overloaded(app, client, url):
            rejected, rejected_again, health = await asyncio.gather(
                client.post(url, json={"query": "{ name }"}, headers={"connection": "close"}),
                client.post(url, json={"query": "{ name }"}),
                client.get(url.replace("/graphql", "/healthz")),
            )
        accepted = await client.post(url, json={"query": "{ name }"})
    assert (rejected.status_code, rejected.headers["retry-after"], rejected.headers["connection"]) == (
        503,
        "1",
        "close",
    )
    [error] = rejected.json()["errors"]
    assert error["message"] == "The gateway is behind with its work and takes no more operations for now."
    assert error["extensions"] == {
        "code": "OVERLOADED",
        "retryable": True,
        "requestId": rejected.headers["x-request-id"],
        "retryAfter": 1,
    }
    assert (rejected_again.status_code, health.status_code, accepted.status_code) == (503, 200, 200)
    assert sum(line["refused"] for line in app.state.log if line["event"] == "overloaded") == 2


async def test_body_of_a_rejected_request_is_consumed(app: Any) -> None:
    """The next request on the connection is parsed correctly."""
    async with served(app) as (client, url), overloaded(app, client, url):
        reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(url).port)
        for body in (b"x" * 500_000, QUERY):
            writer.write(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
            assert b"OVERLOADED" in await reader.readexactly(length)
        writer.close()


async def test_concurrent_operations_are_admitted_when_the_loop_is_on_time(app: Any) -> None:
    async with served(app) as (client, url):
        requests = send_slow_queries(client, url, 4 * UNQUEUED)
        while app.state.waiting < 4 * UNQUEUED:
            await asyncio.sleep(0)
        app.state.finish.set()
        assert {response.status_code for response in await asyncio.gather(*requests)} == {200}


HEAD = b"POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
QUERY = b'{"query": "{ long }"}'
SHORT_TIMEOUTS = ClientTimeouts(head=0.2, response=0.2, idle=60)


async def test_unfinished_head_is_disconnected(app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve_app(app, listener, SHORT_TIMEOUTS):
            for earlier_request in (b"", b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                if earlier_request:
                    writer.write(earlier_request)
                    await reader.readuntil(b'"alive"}')
                writer.write(HEAD)
                async with asyncio.timeout(20):
                    with contextlib.suppress(ConnectionResetError):
                        assert await reader.read() == b""
                writer.close()


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"loop_factory": VirtualTimeLoop})], ids=["virtual time"])
@pytest.mark.parametrize(
    "earlier_request", [b"", b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"], ids=["first", "second"]
)
async def test_head_timeout_is_exact_to_a_tenth(app: Any, earlier_request: bytes) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve_app(app, listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            if earlier_request:
                writer.write(earlier_request)
                await reader.readuntil(b'"alive"}')
                await asyncio.sleep(DEFAULT_TIMEOUTS.head / 20)  # between two checks
            started = loop.time()
            writer.write(HEAD)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            assert DEFAULT_TIMEOUTS.head <= loop.time() - started < DEFAULT_TIMEOUTS.head * 1.2
            writer.close()


async def test_unread_response_is_disconnected(app: Any) -> None:
    """The client reads one byte at a time, which would take for ever."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        async with serve_app(app, listener, SHORT_TIMEOUTS), asyncio.timeout(20):
            await loop.sock_connect(client, listener.getsockname())
            await loop.sock_sendall(client, HEAD + b"content-length: %d\r\n\r\n" % len(QUERY) + QUERY)
            with pytest.raises(ConnectionResetError):
                while await loop.sock_recv(client, 1):
                    await asyncio.sleep(0)  # lets the server run


async def test_failed_startup_raises_serving_error(app: Any) -> None:
    before = asyncio.all_tasks()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.close()
    with pytest.raises(ServingError, match="The web server ended before it was up: "):
        async with serve_app(app, listener):
            pytest.fail("the server has started")
    assert asyncio.all_tasks() == before
