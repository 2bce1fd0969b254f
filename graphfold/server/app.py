"""Builds the ASGI application: the GraphQL endpoint, health, invalidation, and in development GraphiQL.

The layers, from the outside in:

    added middleware --> RequestLog --> CORSMiddleware --> Endpoint (/graphql) --> FastAPI's own stack and router
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from graphfold.server import ide, invalidation
from graphfold.server.admission import Admission
from graphfold.server.endpoint import PATH, Endpoint
from graphfold.server.graphiql_page import GraphiQLPage
from graphfold.server.health import Health, routes
from graphfold.server.request_log import OperationRecorder, RequestLog, RequestRecord
from graphfold.server.responses import JSON, error_body
from graphfold.server.served_graph import ServedGraph

__all__ = ["create_app"]

_STATIC = f"{PATH}/static"


def create_app(
    graph: ServedGraph, *, development: bool = False, timer: Callable[[], float] = time.monotonic
) -> FastAPI:
    """Return the application that serves a graph, and runs it for as long as the application itself runs.

    `development` adds GraphiQL, introspection and suggestions. `app.state` holds its `Health` as `health` and its
    `Admission` as `admission`, whose clock is `timer`: tests replace it.
    """
    health, admission = Health(), Admission(graph.settings.max_operations, timer)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with graph.running():
            health.running = True
            yield
            health.running = False

    async def root(_: Request) -> Response:
        if development:
            return RedirectResponse(PATH)
        return PlainTextResponse(f"This is a GraphQL gateway. It answers at {PATH}.\n")

    graph.documents.development = development
    graph.observe(OperationRecorder())
    app = Application(title=graph.title, lifespan=lifespan, openapi_url=None)  # no /docs: GraphQL documents itself
    app.state.health, app.state.admission = health, admission
    app.include_router(routes(graph, health))
    app.add_exception_handler(404, _not_found)
    app.add_route("/", root)
    if graph.settings.invalidation_secret is not None:
        app.include_router(invalidation.routes(graph, graph.settings.invalidation_secret))
    if development:
        app.mount(_STATIC, StaticFiles(directory=ide.STATIC, check_dir=False))  # may not be built
    page = GraphiQLPage(graph.title, PATH, graph.project.root / "queries") if development else None

    def wrap(inner: ASGIApp) -> ASGIApp:
        endpoint = _allow_origins(Endpoint(inner, graph, page, admission), graph.settings.allowed_origins)
        return RequestLog(endpoint, quiet=f"{_STATIC}/")

    app.wrap = wrap
    return app


async def _not_found(request: Request, _: Exception) -> Response:
    record = RequestRecord.of(request.scope)
    record.codes = ["NOT_FOUND"]
    body = error_body(f"This path does not exist. The GraphQL endpoint is {PATH}.", "NOT_FOUND", record.request_id)
    return Response(body, 404, media_type=JSON)


class Application(FastAPI):
    """FastAPI with the GraphQL endpoint in front of its own middleware, which costs more than a small answer.

    Middleware that a user adds wraps the endpoint, too.
    """

    wrap: Callable[[ASGIApp], ASGIApp]
    """Puts the gateway's own layers around FastAPI's stack."""

    def build_middleware_stack(self) -> ASGIApp:
        # FastAPI would put added middleware inside our layers, so it builds its stack without them.
        added, self.user_middleware = self.user_middleware, []
        app = self.wrap(super().build_middleware_stack())
        self.user_middleware = added
        for middleware, arguments, keywords in reversed(added):
            app = middleware(app, *arguments, **keywords)
        return app


def _allow_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    # Browsers send a preflight OPTIONS before a POST of JSON to another origin, which this middleware answers. Without
    # it, the endpoint's 405 makes the browser give up.
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id"],  # scripts of another origin see only a few headers otherwise
    )
