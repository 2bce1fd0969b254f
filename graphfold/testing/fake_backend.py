"""A backend that is not there: routes with answers in, the calls it was sent out."""

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

    A route with a query is for requests with these parameters, whatever else they have; the route that names most
    wins. An answer is JSON, an `httpx.Response`, an exception to raise, or a function (plain or async) of the
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

    def fitting(self, request: httpx.Request) -> list[str]:
        """The routes that are for this request."""
        return [route for route in self.routes if _fits(route, request)]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        fitting = self.fitting(request)
        if not fitting:
            self.unrouted.append(f"{request.method} {request.url.raw_path.decode()}")
            return httpx.Response(501)
        return await _response(self.routes[max(fitting, key=lambda route: route.count("="))], request)

    async def aclose(self) -> None:
        assert not self.unrouted, f"no route for {self.unrouted}; {self._nearest(self.unrouted[0])}"

    def _nearest(self, asked: str) -> str:
        near = difflib.get_close_matches(asked, self.routes, n=1, cutoff=0)
        return f"the nearest is {near[0]!r}" if near else "there are none"


def fakes(**backends: FakeBackend) -> Transports:
    """For `graph.running(transports=fakes(crm=...))`. A backend that is not named takes no call."""
    return lambda name: backends.get(name) or FakeBackend()


def _fits(route: str, request: httpx.Request) -> bool:
    target, _, query = route.partition("?")
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
