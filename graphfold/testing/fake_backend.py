"""A backend inside the test's process: it answers by route and keeps the requests it was sent."""

from __future__ import annotations

import difflib
import inspect
from typing import Any
from urllib.parse import parse_qsl

import httpx
import orjson

from graphfold.graph.runtime import Transports

__all__ = ["FakeBackend", "fakes"]


class FakeBackend(httpx.AsyncBaseTransport):
    """Answers by route: `FakeBackend({"GET /customers": [{"id": "c1"}], "GET /orders?state=NEW": []})`.

    A route with a query matches requests that have these parameters, and possibly more; of several matching routes the
    one with the most parameters answers. An answer is JSON, an `httpx.Response`, an exception to raise, or a function
    (plain or async) that takes the `httpx.Request` and returns any of these. `calls` holds every request in order.
    A request without a route is answered with status 501 and fails the test when the graph closes.
    """

    def __init__(self, routes: dict[str, Any] | None = None) -> None:
        self.routes = dict(routes or {})
        self.calls: list[httpx.Request] = []
        self.unrouted: list[str] = []

    def on(self, route: str, answer: Any) -> None:
        """Set or replace the answer of a route."""
        self.routes[route] = answer

    def fitting(self, request: httpx.Request) -> list[str]:
        """Return the routes that match the request."""
        return [route for route in self.routes if _matches(route, request)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        routes = self.fitting(request)
        if not routes:
            self.unrouted.append(f"{request.method} {request.url.raw_path.decode()}")
            return httpx.Response(501)
        return await _response(self.routes[max(routes, key=lambda route: route.count("="))], request)

    async def aclose(self) -> None:
        if self.unrouted:
            nearest = difflib.get_close_matches(self.unrouted[0], self.routes, n=1, cutoff=0)
            hint = f"the nearest is {nearest[0]!r}" if nearest else "there are none"
            raise AssertionError(f"no route for {self.unrouted}; {hint}")


def fakes(**backends: FakeBackend) -> Transports:
    """Return transports for `graph.running(transports=fakes(crm=...))`. A backend not named here has no routes."""
    return lambda name: backends.get(name) or FakeBackend()


def _matches(route: str, request: httpx.Request) -> bool:
    target, _, query = route.partition("?")
    # A route may be written with escapes, as on the wire, or without.
    paths = request.url.path, request.url.raw_path.decode().partition("?")[0]
    if target not in [f"{request.method} {path}" for path in paths]:
        return False
    return not query or {*parse_qsl(query, keep_blank_values=True)} <= {*request.url.params.multi_items()}


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
