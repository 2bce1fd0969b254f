"""Liveness, readiness, the state of the backends, and CORS."""

from typing import Any

import httpx
import pytest

from graphfold.server.app import create_app
from graphfold.settings import Settings

pytestmark = pytest.mark.anyio


async def readiness(client: httpx.AsyncClient) -> tuple[int, list[str]]:
    response = await client.get("/readyz")
    return response.status_code, response.json().get("reasons", [])


async def test_healthz_is_alive(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_readyz_follows_settings_startup_and_shutdown(client: httpx.AsyncClient, app: Any, graph: Any) -> None:
    assert await readiness(client) == (503, ["The graph is not running."])
    async with app.router.lifespan_context(app):
        assert graph.runs
        assert await readiness(client) == (200, [])
        graph.missing = ["GRAPHFOLD_CRM_URL"]
        assert await readiness(client) == (503, ["GRAPHFOLD_CRM_URL is not set."])
        graph.missing = []
        app.state.health.draining = True
        assert await readiness(client) == (503, ["The gateway is shutting down."])
    assert not graph.runs


async def test_healthz_backends_reports_each_backend(client: httpx.AsyncClient, app: Any) -> None:
    assert (await client.get("/healthz/backends")).json() == {"backends": {}}
    async with app.router.lifespan_context(app):
        body = (await client.get("/healthz/backends")).json()
    assert body == {"backends": {"crm": {"places": {"used": 1, "of": 32, "waiting": 0}}}}


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/redoc", "/graphql/", "/nix", "/graphql/static/page.js"])
async def test_unknown_path_is_404(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path, headers={"x-request-id": "r-1"})
    (error,) = response.json()["errors"]
    assert (response.status_code, response.headers["content-type"]) == (404, "application/json")
    assert error["extensions"] == {"code": "NOT_FOUND", "retryable": False, "requestId": "r-1"}
    assert "/graphql" in error["message"]


PREFLIGHT = {"origin": "https://shop.example", "access-control-request-method": "POST"}


async def test_cors_is_off_by_default(client: httpx.AsyncClient) -> None:
    preflight = await client.options("/graphql", headers=PREFLIGHT)
    response = await client.post("/graphql", json={"query": "{ name }"}, headers=PREFLIGHT)
    assert preflight.status_code == 405
    assert not [name for name in (*preflight.headers, *response.headers) if name.startswith("access-control")]


async def test_allowed_origin_gets_cors_headers(graph: Any) -> None:
    graph.settings = Settings(allowed_origins=("https://shop.example",))
    transport = httpx.ASGITransport(create_app(graph))
    async with httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client:
        preflight = await client.options("/graphql", headers=PREFLIGHT)
        response = await client.post("/graphql", json={"query": "{ name }"}, headers=PREFLIGHT)
        foreign = await client.options("/graphql", headers=PREFLIGHT | {"origin": "https://evil.example"})
    assert preflight.status_code == 200
    assert response.headers["access-control-allow-origin"] == "https://shop.example"
    assert foreign.status_code == 400
