"""Request ids, and one log line for each request without any client content."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.server.conftest import Connection

pytestmark = pytest.mark.anyio

SECRET = "hunter2"


async def post(
    client: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None, **body: Any
) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **body}, headers=headers)


@pytest.mark.parametrize("request_id", ["abc-123", "x" * 128, "~!@#$%^&*()"])
async def test_client_request_id_is_returned(client: httpx.AsyncClient, request_id: str) -> None:
    response = await post(client, "{ gone }", {"x-request-id": request_id})
    assert response.headers["x-request-id"] == request_id
    assert response.json()["errors"][0]["extensions"]["requestId"] == request_id


@pytest.mark.parametrize("request_id", [b"", b"x" * 129, b"a b", b"a\tb", b"caf\xe9"])
async def test_invalid_request_id_is_replaced(client: httpx.AsyncClient, request_id: bytes) -> None:
    response = await client.post("/graphql", json={"query": "{ name }"}, headers={b"x-request-id": request_id})
    new_id = response.headers["x-request-id"]
    assert len(new_id) == 32
    assert new_id.encode() != request_id


@pytest.mark.parametrize("path", ["/graphql", "/healthz", "/nowhere"])
async def test_every_response_has_a_request_id(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_log_line_has_operation_status_and_duration(client: httpx.AsyncClient, log: list[Any]) -> None:
    query = "query Names { name late }"
    await post(client, query, {"x-request-id": "r-1"})
    [line] = [line for line in log if line["event"] == "request"]
    assert line.pop("ms") >= 0
    assert len(line.pop("document")) == 16
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "type": "query",
        "operation": "Names",
        "errors": 1,
        "codes": {"BACKEND_TIMEOUT": 1},
        "request_id": "r-1",
    }


async def test_static_files_are_logged_at_debug_level(client: httpx.AsyncClient, log: list[Any]) -> None:
    await client.get("/graphql/static/page.js")
    await client.get("/graphql/statistics")
    assert [line["log_level"] for line in log] == ["debug", "info"]


async def test_log_line_holds_no_client_content(client: httpx.AsyncClient, log: list[Any]) -> None:
    query = f'query($p: String) {{ name(prefix: $p) a: name(prefix: "{SECRET}") }}'
    headers = {"authorization": SECRET, "cookie": SECRET, "user-agent": SECRET}
    await post(client, query, headers, variables={"p": SECRET}, operationName=SECRET)
    await client.get("/graphql", params={"query": query}, headers={"accept": "application/json"})
    assert len(log) == 2
    assert SECRET not in str(log)


async def test_rejected_request_is_logged(client: httpx.AsyncClient, log: list[Any]) -> None:
    await client.put("/graphql")
    [line] = log
    assert (line["status"], line["codes"]) == (405, {"BAD_INPUT": 1})


async def test_unexpected_exception_is_500_without_details(
    client: httpx.AsyncClient, graph: Any, log: list[Any]
) -> None:
    graph.defect = RuntimeError(SECRET)
    response = await post(client, "{ name }", {"x-request-id": "r-1"})
    assert response.status_code == 500
    assert response.json() == {
        "errors": [
            {
                "message": "Internal error.",
                "extensions": {"code": "INTERNAL", "retryable": False, "requestId": "r-1"},
            }
        ]
    }
    failed, request = log
    assert (failed["event"], failed["request_id"], "exc_info" in failed) == ("request failed", "r-1", False)
    assert failed["traceback"].endswith(f"RuntimeError: {SECRET}\n")
    assert (request["status"], request["codes"]) == (500, {"INTERNAL": 1})


async def test_client_disconnect_cancels_the_operation(app: Any, graph: Any, log: list[Any]) -> None:
    connection = Connection(app, b'{"query": "{ forever }"}')
    async with asyncio.timeout(5):
        await graph.hanging.wait()
        connection.disconnect()
        await graph.abandoned.wait()
        await connection.task
    assert connection.sent == []
    assert [line["status"] for line in log] == [499]


async def test_operation_cancelled_by_shutdown_is_504(app: Any, graph: Any, log: list[Any]) -> None:
    connection = Connection(app, b'{"query": "{ forever }"}')
    async with asyncio.timeout(5):
        await graph.hanging.wait()
        connection.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connection.task
    assert connection.sent[0]["status"] == 504
    assert [line["status"] for line in log] == [504]
