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
from tests.server.conftest import Connection, Demo

pytestmark = pytest.mark.anyio

MOST = 3


@pytest.fixture
def settings() -> Settings:
    return Settings(max_operations=MOST)


async def ask(client: httpx.AsyncClient, number: int = 0) -> httpx.Response:
    return await client.post(
        "/graphql", json={"query": "query($n: Int!) { slow(number: $n) }", "variables": {"n": number}}
    )


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0)


async def full(client: httpx.AsyncClient, graph: Demo) -> list[asyncio.Task[httpx.Response]]:
    """Start as many operations as are admitted at once; all of them wait."""
    tasks = [asyncio.create_task(ask(client, n)) for n in range(MOST)]
    await until(lambda: graph.waiting == MOST)
    return tasks


async def finish(graph: Demo, tasks: list[asyncio.Task[httpx.Response]]) -> list[httpx.Response]:
    for _ in range(graph.waiting):
        graph.turns.release()
    return await asyncio.gather(*tasks)


async def test_post_over_the_operation_limit_is_rejected_with_retry_after(
    client: httpx.AsyncClient, graph: Demo
) -> None:
    running = await full(client, graph)
    response = await ask(client)
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
    assert graph.waiting == MOST
    assert [response.json()["data"] for response in await finish(graph, running)] == [{"slow": n} for n in range(MOST)]


async def test_get_over_the_operation_limit_is_rejected(client: httpx.AsyncClient, graph: Demo) -> None:
    running = await full(client, graph)
    response = await client.get("/graphql", params={"query": "{ name }"}, headers={"accept": "application/json"})
    assert response.status_code == 503
    await finish(graph, running)


async def test_rejected_post_is_not_parsed(client: httpx.AsyncClient, graph: Demo) -> None:
    running = await full(client, graph)
    response = await client.post("/graphql", json={"query": "{"})
    assert response.status_code == 503
    await finish(graph, running)


async def test_finished_operation_frees_its_place(client: httpx.AsyncClient, graph: Demo) -> None:
    running = await full(client, graph)
    graph.turns.release()
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    running.append(asyncio.create_task(ask(client, 7)))
    await until(lambda: graph.waiting == MOST)
    assert (await ask(client)).status_code == 503
    assert [response.status_code for response in await finish(graph, running)] == [200] * (MOST + 1)


async def test_client_disconnect_frees_its_place(client: httpx.AsyncClient, app: FastAPI, graph: Demo) -> None:
    connections = [Connection(app, b'{"query": "{ slow }"}') for _ in range(MOST)]
    await until(lambda: graph.waiting == MOST)
    for connection in connections:
        connection.leave()
    await asyncio.gather(*(connection.task for connection in connections))
    assert [response.status_code for response in await finish(graph, await full(client, graph))] == [200] * MOST


@pytest.mark.parametrize("defect", [None, RuntimeError("a defect")], ids=["refused", "defect"])
async def test_failed_operation_frees_its_place(
    client: httpx.AsyncClient, graph: Demo, defect: Exception | None
) -> None:
    graph.defect = defect
    for _ in range(MOST + 1):
        response = await client.post("/graphql", json={"query": "{ name }" if defect else 5})
        assert response.status_code == (500 if defect else 400)
    graph.defect = None
    assert [response.status_code for response in await finish(graph, await full(client, graph))] == [200] * MOST


async def test_slow_request_body_holds_no_place(client: httpx.AsyncClient, graph: Demo) -> None:
    async def half() -> AsyncIterator[bytes]:
        arriving.release()
        yield b'{"query": '
        await asyncio.Event().wait()

    arriving = asyncio.Semaphore(0)
    headers = {"content-type": "application/json"}
    slow = [asyncio.create_task(client.post("/graphql", content=half(), headers=headers)) for _ in range(MOST)]
    for _ in slow:
        await arriving.acquire()
    assert [response.status_code for response in await finish(graph, await full(client, graph))] == [200] * MOST
    for task in slow:
        task.cancel()


@pytest.mark.parametrize("path", ["/healthz", "/healthz/backends"])
async def test_health_is_served_at_the_operation_limit(client: httpx.AsyncClient, graph: Demo, path: str) -> None:
    running = await full(client, graph)
    assert (await client.get(path)).status_code == 200
    await finish(graph, running)


async def test_tenfold_load_is_answered_or_rejected(client: httpx.AsyncClient, graph: Demo) -> None:
    tasks = [asyncio.create_task(ask(client, n)) for n in range(10 * MOST)]
    await until(lambda: sum(task.done() for task in tasks) == 9 * MOST)
    assert graph.waiting == MOST
    responses = await finish(graph, tasks)
    assert Counter(response.status_code for response in responses) == {200: MOST, 503: 9 * MOST}
    right = [response.json() == {"data": {"slow": n}} for n, response in enumerate(responses)]
    assert right == [response.status_code == 200 for response in responses]
    assert [response.status_code for response in await finish(graph, await full(client, graph))] == [200] * MOST


class Crowd:
    """Run operations through one `Admission`, until each is released."""

    def __init__(self) -> None:
        self.admission, self.inside, self.done = Admission(10_000, lambda: 0.0), 0, asyncio.Event()

    async def operate(self) -> None:
        async with self.admission:
            self.inside += 1
            await self.done.wait()

    def come(self, many: int) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.operate()) for _ in range(many)]


async def test_full_queue_rejects_until_it_is_half_empty() -> None:
    crowd = Crowd()
    tasks = crowd.come(10 * MAX_QUEUE)
    await until(lambda: any(task.done() for task in tasks))
    taken = [task for task in tasks if not task.done()]
    assert all(isinstance(task.exception(), RequestRejected) for task in tasks if task.done())
    assert UNQUEUED + MAX_QUEUE <= len(taken) < 2 * (UNQUEUED + MAX_QUEUE)
    assert crowd.admission.overloaded
    await until(lambda: not crowd.admission.overloaded)
    assert crowd.inside >= UNQUEUED + MAX_QUEUE // 2
    late = crowd.come(1)
    crowd.done.set()
    await asyncio.gather(*taken, *late)
    assert crowd.inside == len(taken) + 1


async def test_cancelled_operation_leaves_the_queue() -> None:
    crowd = Crowd()
    tasks = crowd.come(UNQUEUED + MAX_QUEUE)
    await until(lambda: crowd.inside >= UNQUEUED)
    gone = [task for task in tasks[-MAX_QUEUE // 2 :] if task.cancel()]
    rest = crowd.come(3)
    crowd.done.set()
    await asyncio.gather(*tasks, *rest, return_exceptions=True)
    assert all(task.cancelled() for task in gone)
    assert [task.exception() for task in rest] == [None] * 3


async def test_coalesced_requests_take_one_place(client: httpx.AsyncClient, graph: Demo) -> None:
    running = await full(client, graph)
    graph.turns.release()
    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    asking = [asyncio.create_task(ask(client, 7)) for _ in range(10 * MOST)]
    await until(lambda: graph.waiting == MOST)
    assert Counter(response.status_code for response in await finish(graph, [*running, *asking]))[200] >= MOST + 1
