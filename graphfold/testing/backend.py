"""A backend that is not there: routes with answers in, the calls it was sent out."""

from __future__ import annotations

import inspect
from typing import Any

import httpx
import orjson

from graphfold.graph.runtime import Transports

__all__ = ["FakeBackend", "fakes"]


class FakeBackend(httpx.AsyncBaseTransport):
    """Answers by route: `FakeBackend({"GET /customers": [{"id": "c1"}]})`.

    An answer is JSON, an `httpx.Response`, an exception to raise, or a function (plain or async) of the
    `httpx.Request` that gives any of these. `calls` holds every request in order of arrival.
    A call without a route is answered with status 501 and fails the test when the graph closes.
    """

    def __init__(self, routes: dict[str, Any] | None = None) -> None:
        self.routes = dict(routes or {})
        self.calls: list[httpx.Request] = []
        self.unrouted: list[str] = []

    def on(self, route: str, answer: Any) -> None:
        """Answer `route` so from now on."""
        self.routes[route] = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        route = f"{request.method} {request.url.path}"
        if route not in self.routes:
            self.unrouted.append(route)
            return httpx.Response(501)
        return await _response(self.routes[route], request)

    async def aclose(self) -> None:
        assert not self.unrouted, f"no route for {self.unrouted}; there are {sorted(self.routes)}"


def fakes(**backends: FakeBackend) -> Transports:
    """For `graph.running(transports=fakes(crm=...))`. A backend that is not named takes no call."""
    return lambda name: backends.get(name) or FakeBackend()


async def _response(answer: Any, request: httpx.Request) -> httpx.Response:
    if callable(answer):
        answer = answer(request)
    if inspect.isawaitable(answer):
        answer = await answer
    if isinstance(answer, Exception):
        raise answer
    if isinstance(answer, httpx.Response):
        return answer
    return httpx.Response(200, content=orjson.dumps(answer), headers={"content-type": "application/json"})
