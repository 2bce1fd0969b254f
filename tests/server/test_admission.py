"""Admission: operations over a limit are rejected at once, and the others are answered."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from fastapi import FastAPI

from graphfold.server.admission import MAX_QUEUE, UNQUEUED, Admission
from graphfold.server.requests import RequestRejected
from graphfold.settings import Settings
from tests.server.conftest import Connection, FakeGraph

pytestmark = pytest.mark.anyio

LIMIT = 3


@pytest.fixture
def settings() -> Settings:
    return Settings(max_operations=LIMIT)


async def send_slow(client: httpx.AsyncClient, number: int = 0) -> httpx.Response:
    return await client.post(
        "/graphql", json={"query": "query($n: Int!) { slow(number: $n) }", "variables": {"n": number}}
    )


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


async def fill(client: httpx.AsyncClient, graph: FakeGraph) -> list[asyncio.Task[httpx.Response]]:
    """Start as many operations as are admitted at once. All of them wait for their turn."""
    tasks = [asyncio.create_task(send_slow(client, n)) for n in range(LIMIT)]
    await wait_until(lambda: graph.waiting == LIMIT)
    return tasks


async def finish(graph: FakeGraph, tasks: list[asyncio.Task[httpx.Response]]) -> list[httpx.Response]:
    for _ in range(graph.waiting):
        graph.turns.release()
    return await asyncio.gather(*tasks)


async def test_post_over_the_operation_limit_is_rejected_with_retry_after(
    client: httpx.AsyncClient, graph: FakeGraph
) -> None:
    running = await fill(client, graph)
    response = await send_slow(client)
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert response.json() == {
        "errors": [
            {
                "message": "The gateway has 3 operations to answer and takes no more (GRAPHFOLD_MAX_OPERATIONS).",
                "extensions": {
                    "code": "OVERLOADED",
                    "retryable": True,
                    "requestId": response.headers["x-request-id"],
                    "retryAfter": 1,
                },
            }
        ]
    }
    assert graph.waiting == LIMIT
    assert [response.json()["data"] for response in await finish(graph, running)] == [{"slow": n} for n in range(LIMIT)]


async def test_get_over_the_operation_limit_is_rejected(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    running = await fill(client, graph)
    response = await client.get("/graphql", params={"query": "{ name }"}, headers={"accept": "application/json"})
    assert response.status_code == 503
    await finish(graph, running)


async def test_rejected_post_is_not_parsed(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    running = await fill(client, graph)
    response = await client.post("/graphql", json={"query": "{"})
    assert response.status_code == 503
    await finish(graph, running)


async def test_finished_operation_frees_its_place(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    running = await fill(client, graph)
    graph.turns.release()
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    running.append(asyncio.create_task(send_slow(client, 7)))
    await wait_until(lambda: graph.waiting == LIMIT)
    assert (await send_slow(client)).status_code == 503
    assert [response.status_code for response in await finish(graph, running)] == [200] * (LIMIT + 1)


async def test_client_disconnect_frees_its_place(client: httpx.AsyncClient, app: FastAPI, graph: FakeGraph) -> None:
    connections = [Connection(app, b'{"query": "{ slow }"}') for _ in range(LIMIT)]
    await wait_until(lambda: graph.waiting == LIMIT)
    for connection in connections:
        connection.disconnect()
    await asyncio.gather(*(connection.task for connection in connections))
    assert [response.status_code for response in await finish(graph, await fill(client, graph))] == [200] * LIMIT


@pytest.mark.parametrize("defect", [None, RuntimeError("a defect")], ids=["refused", "defect"])
async def test_failed_operation_frees_its_place(
    client: httpx.AsyncClient, graph: FakeGraph, defect: Exception | None
) -> None:
    graph.defect = defect
    for _ in range(LIMIT + 1):
        response = await client.post("/graphql", json={"query": "{ name }" if defect else 5})
        assert response.status_code == (500 if defect else 400)
    graph.defect = None
    assert [response.status_code for response in await finish(graph, await fill(client, graph))] == [200] * LIMIT


async def test_slow_request_body_holds_no_place(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    async def first_half() -> AsyncIterator[bytes]:
        arriving.release()
        yield b'{"query": '
        await asyncio.Event().wait()

    arriving = asyncio.Semaphore(0)
    headers = {"content-type": "application/json"}
    slow = [asyncio.create_task(client.post("/graphql", content=first_half(), headers=headers)) for _ in range(LIMIT)]
    for _ in slow:
        await arriving.acquire()
    assert [response.status_code for response in await finish(graph, await fill(client, graph))] == [200] * LIMIT
    for task in slow:
        task.cancel()


@pytest.mark.parametrize("path", ["/healthz", "/healthz/backends"])
async def test_health_is_served_at_the_operation_limit(client: httpx.AsyncClient, graph: FakeGraph, path: str) -> None:
    running = await fill(client, graph)
    assert (await client.get(path)).status_code == 200
    await finish(graph, running)


async def test_tenfold_load_is_answered_or_rejected(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    tasks = [asyncio.create_task(send_slow(client, n)) for n in range(10 * LIMIT)]
    await wait_until(lambda: sum(task.done() for task in tasks) == 9 * LIMIT)
    assert graph.waiting == LIMIT
    responses = await finish(graph, tasks)
    assert Counter(response.status_code for response in responses) == {200: LIMIT, 503: 9 * LIMIT}
    answered = [response.json() == {"data": {"slow": n}} for n, response in enumerate(responses)]
    assert answered == [response.status_code == 200 for response in responses]
    assert [response.status_code for response in await finish(graph, await fill(client, graph))] == [200] * LIMIT


class Operations:
    """Operations that pass one `Admission` and run until `finish` is set."""

    def __init__(self) -> None:
        self.admission, self.running, self.finish = Admission(10_000, lambda: 0.0), 0, asyncio.Event()

    async def _run(self) -> None:
        async with self.admission:
            self.running += 1
            await self.finish.wait()

    def start(self, count: int) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._run()) for _ in range(count)]


async def test_full_queue_rejects_until_it_is_half_empty() -> None:
    operations = Operations()
    tasks = operations.start(10 * MAX_QUEUE)
    await wait_until(lambda: any(task.done() for task in tasks))
    admitted = [task for task in tasks if not task.done()]
    assert all(isinstance(task.exception(), RequestRejected) for task in tasks if task.done())
    assert UNQUEUED + MAX_QUEUE <= len(admitted) < 2 * (UNQUEUED + MAX_QUEUE)
    assert operations.admission.overloaded
    await wait_until(lambda: not operations.admission.overloaded)
    assert operations.running >= UNQUEUED + MAX_QUEUE // 2
    late = operations.start(1)
    operations.finish.set()
    await asyncio.gather(*admitted, *late)
    assert operations.running == len(admitted) + 1


async def test_cancelled_operation_leaves_the_queue() -> None:
    operations = Operations()
    tasks = operations.start(UNQUEUED + MAX_QUEUE)
    await wait_until(lambda: operations.running >= UNQUEUED)
    cancelled = [task for task in tasks[-MAX_QUEUE // 2 :] if task.cancel()]
    later = operations.start(3)
    operations.finish.set()
    await asyncio.gather(*tasks, *later, return_exceptions=True)
    assert all(task.cancelled() for task in cancelled)
    assert [task.exception() for task in later] == [None] * 3


async def test_coalesced_requests_take_one_place(client: httpx.AsyncClient, graph: FakeGraph) -> None:
    running = await fill(client, graph)
    graph.turns.release()
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    equal = [asyncio.create_task(send_slow(client, 7)) for _ in range(10 * LIMIT)]
    await wait_until(lambda: graph.waiting == LIMIT)
    assert Counter(response.status_code for response in await finish(graph, [*running, *equal]))[200] >= LIMIT + 1
