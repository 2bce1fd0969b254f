"""FakeBackend: answers by route, keeps its requests, and reports a request without a route."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from graphfold.testing import FakeBackend

pytestmark = pytest.mark.anyio


async def fetched(backend: FakeBackend, target: str, method: str = "GET") -> Any:
    async with httpx.AsyncClient(transport=backend, base_url="https://b.test") as client:
        return (await client.request(method, target)).json()


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("/orders", "all"),
        ("/orders?state=NEW", "new"),
        ("/orders?page=2&state=NEW", "second"),
        ("/orders?state=NEW&page=3", "new"),
        ("/orders?state=", "none"),
        ("/orders?state=OLD", "all"),
    ],
)
async def test_route_with_most_parameters_answers(target: str, answer: str) -> None:
    routes = {"": "all", "?state=NEW": "new", "?state=NEW&page=2": "second", "?state=": "none"}
    backend = FakeBackend({f"GET /orders{query}": text for query, text in routes.items()})
    assert await fetched(backend, target) == answer
    assert [str(call.url) for call in backend.calls] == [f"https://b.test{target}"]


async def test_request_without_route_is_reported_with_the_nearest_route() -> None:
    backend = FakeBackend({"GET /orders?state=NEW": [], "POST /token": {}})
    await backend.handle_async_request(httpx.Request("GET", "https://b.test/orders?state=OLD"))
    with pytest.raises(AssertionError, match=r"no route for .*state=OLD.*nearest is 'GET /orders\?state=NEW'"):
        await backend.aclose()
