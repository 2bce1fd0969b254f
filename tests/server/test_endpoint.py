"""GraphQL over HTTP: media types and status codes, and which requests are rejected before anything runs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware.base import RequestResponseEndpoint

from graphfold.settings import Settings

pytestmark = pytest.mark.anyio

RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"


async def post(client: httpx.AsyncClient, accept: str = JSON, **body: Any) -> httpx.Response:
    return await client.post("/graphql", json=body, headers={"accept": accept})


def code_of(response: httpx.Response) -> str:
    [error] = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert error["message"]
    return str(error["extensions"]["code"])


async def test_post_runs_a_query(client: httpx.AsyncClient) -> None:
    response = await post(client, query="query($p: String) { name(prefix: $p) }", variables={"p": "the "})
    assert (response.status_code, response.json()) == (200, {"data": {"name": "the graph"}})
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (RESPONSE_JSON, RESPONSE_JSON),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.1, {JSON}", JSON),
        (f"{JSON}, {RESPONSE_JSON}", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=nonsense, */*", JSON),
    ],
)
async def test_response_media_type_follows_the_accept_header(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    response = await post(client, accept, query="{ name }")
    assert response.headers["content-type"] == f"{media_type}; charset=utf-8"


async def test_missing_accept_header_gets_application_json(client: httpx.AsyncClient) -> None:
    request = client.build_request("POST", "/graphql", json={"query": "{ name }"})
    del request.headers["accept"]
    response = await client.send(request)
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"


async def test_unacceptable_media_type_is_406(client: httpx.AsyncClient) -> None:
    response = await post(client, "image/png", query="mutation { change }")
    assert (response.status_code, code_of(response)) == (406, "BAD_INPUT")


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE_JSON, 400), (JSON, 200)])
@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ name"},
        {"query": "{ gone }"},
        {"query": "query($n: Int!) { name }"},
        {"query": "query A { name } query B { name }"},
        {"query": "{ name }", "operationName": "Gone"},
        {"query": "query($p: String) { name(prefix: $p) }", "variables": {"p": 5}},
    ],
)
async def test_status_of_a_request_that_cannot_run(
    client: httpx.AsyncClient, body: dict[str, Any], accept: str, status: int
) -> None:
    response = await post(client, accept, **body)
    assert response.status_code == status
    assert "data" not in response.json()
    assert code_of(response) == "BAD_INPUT"


@pytest.mark.parametrize("accept", [RESPONSE_JSON, JSON])
async def test_partial_data_is_200(client: httpx.AsyncClient, accept: str) -> None:
    response = await post(client, accept, query="{ name late }")
    assert (response.status_code, response.json()["data"]) == (200, {"name": "graph", "late": None})
    assert code_of(response) == "BACKEND_TIMEOUT"
    assert "hunter2" not in response.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"7",
        b'"x"',
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": ["{ name }"]}',
        b'{"query": "  "}',
        b'{"query": "{ name }", "variables": "x"}',
        b'{"query": "{ name }", "variables": [1]}',
        b'{"query": "{ name }", "variables": {"x": NaN}}',
        b'{"query": "{ name }", "operationName": 5}',
        b'{"query": "{ name }", "extensions": "x"}',
        b'{"query": "{ name } \xff"}',
        b'{"query": "\\ud800"}',
        b"[" * 100_000 + b"]" * 100_000,
        b'[{"query": "{ name }"}, {"query": "{ name }"}]',
        b"[]",
    ],
    ids=lambda body: body[:40].decode("latin-1"),
)
async def test_malformed_request_is_rejected(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": RESPONSE_JSON})
    assert (response.status_code, code_of(response)) == (400, "BAD_INPUT")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b" ", "The request body is empty."),
        (b'{"query": "\xff"}', "The request body is not UTF-8 text."),
        (b'{"query":\n "{ name }",}', "The request body is not valid JSON: error at line 2, column 12."),
        (b'{"query": nul}', "The request body is not valid JSON: error at line 1, column 11."),
    ],
)
async def test_invalid_json_body_is_rejected_with_its_position(
    client: httpx.AsyncClient, body: bytes, message: str
) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json()["errors"][0]["message"] == message


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/graphql"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": JSON, "content-encoding": "gzip"},
    ],
)
async def test_other_content_types_are_rejected(client: httpx.AsyncClient, graph: Any, headers: dict[str, str]) -> None:
    response = await client.post("/graphql", content=b'{"query": "mutation { change }"}', headers=headers)
    assert (response.status_code, code_of(response), graph.changes) == (415, "BAD_INPUT", 0)


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", 'Application/JSON;charset="utf-8"'])
async def test_utf_8_charset_is_accepted(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post("/graphql", content=b'{"query": "{ name }"}', headers={"content-type": content_type})
    assert response.json() == {"data": {"name": "graph"}}


@pytest.fixture
def settings() -> Settings:
    return Settings(max_body=300_000)


async def test_body_above_the_limit_is_rejected(client: httpx.AsyncClient) -> None:
    response = await post(client, query="{ name }" + " " * 300_000)
    assert (response.status_code, code_of(response)) == (413, "LIMIT_EXCEEDED")
    assert response.json()["errors"][0]["message"] == (
        "The request body is too large; the limit is 300,000 bytes (GRAPHFOLD_MAX_BODY)."
    )


async def test_body_without_content_length_is_limited(client: httpx.AsyncClient) -> None:
    sent = []

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            sent.append(1)
            yield b" " * 30_000

    response = await client.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert (response.status_code, code_of(response)) == (413, "LIMIT_EXCEEDED")
    assert len(sent) == 11


@pytest.mark.parametrize("settings", [Settings(body_timeout=0.2)], ids=["0.2 s"])
async def test_body_timeout_is_408(client: httpx.AsyncClient) -> None:
    async def first_half() -> AsyncIterator[bytes]:
        yield b'{"query": '
        await asyncio.Event().wait()

    response = await client.post("/graphql", content=first_half(), headers={"content-type": JSON})
    assert (response.status_code, code_of(response)) == (408, "LIMIT_EXCEEDED")


async def test_get_runs_a_query(client: httpx.AsyncClient) -> None:
    params = {"query": "query A($p: String) { name(prefix: $p) }", "variables": '{"p": "a "}', "operationName": "A"}
    response = await client.get("/graphql", params=params, headers={"accept": RESPONSE_JSON})
    assert (response.status_code, response.json()) == (200, {"data": {"name": "a graph"}})


async def test_get_by_fetch_may_accept_any_media_type(client: httpx.AsyncClient) -> None:
    headers = {"accept": "*/*", "sec-fetch-mode": "cors"}
    response = await client.get("/graphql", params={"query": "{ name }"}, headers=headers)
    assert response.json() == {"data": {"name": "graph"}}


async def test_get_rejects_mutations(client: httpx.AsyncClient, graph: Any) -> None:
    query = {"query": "query A { name } mutation B { change }", "operationName": "B"}
    response = await client.get("/graphql", params=query, headers={"accept": RESPONSE_JSON})
    assert (response.status_code, response.headers["allow"], graph.changes) == (405, "POST", 0)
    assert code_of(response) == "BAD_INPUT"


@pytest.mark.parametrize(
    ("query", "headers", "status"),
    [
        ("query={name}", {"accept": "*/*"}, 406),
        ("query={name}", {"accept": "*/*", "sec-fetch-mode": "no-cors"}, 406),
        ("query={name}", {"accept": "text/html,*/*;q=0.8"}, 406),
        ("query={name}", {"accept": JSON, "content-type": "text/plain"}, 415),
        ("", {"accept": JSON}, 400),
        ("query={name}&variables={", {"accept": JSON}, 400),
        ("query={name}&variables=[]", {"accept": JSON}, 400),
        ("query=%ff", {"accept": JSON}, 400),
    ],
)
async def test_malformed_get_is_rejected(
    client: httpx.AsyncClient, query: str, headers: dict[str, str], status: int
) -> None:
    response = await client.get(f"/graphql?{query}", headers=headers)
    assert (response.status_code, code_of(response)) == (status, "BAD_INPUT")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "HEAD"])
async def test_other_methods_are_405(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", json={"query": "mutation { change }"})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_headers_reach_the_graph_in_lower_case(client: httpx.AsyncClient, graph: Any) -> None:
    await client.post("/graphql", json={"query": "{ name }"}, headers={"Authorization": "Bearer x"})
    assert graph.headers["authorization"] == "Bearer x"


async def test_added_middleware_wraps_the_endpoint(app: FastAPI, client: httpx.AsyncClient) -> None:
    @app.middleware("http")
    async def require_authorization(request: Request, call_next: RequestResponseEndpoint) -> Response:
        return Response(status_code=401) if "authorization" not in request.headers else await call_next(request)

    assert (await post(client, query="{ name }")).status_code == 401
    response = await client.post("/graphql", json={"query": "{ name }"}, headers={"authorization": "me"})
    assert response.json() == {"data": {"name": "graph"}}
