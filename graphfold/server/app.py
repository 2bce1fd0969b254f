"""The ASGI application: a graph, its health, and in development the page for browsers."""

from __future__ import annotations

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
from graphfold.server.health import Health, routes
from graphfold.server.page import Page
from graphfold.server.requestlog import Exchange, RequestLog
from graphfold.server.responses import JSON, error_body
from graphfold.server.served import Served

__all__ = ["create_app"]

_STATIC = f"{PATH}/static"


def create_app(graph: Served, *, development: bool = False) -> FastAPI:
    """The application that serves this graph; it runs the graph while it runs itself.

    With `development`: GraphiQL, introspection and suggestions. `app.state.health` is its `Health`, and
    `app.state.admission` says when it takes no more.
    """
    health, admission = Health(), Admission(graph.settings.max_operations)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with graph.running():
            health.running = True
            yield
            health.running = False

    graph.documents.development = development
    app = Application(title=graph.title, lifespan=lifespan, openapi_url=None)
    app.state.health, app.state.admission = health, admission
    app.include_router(routes(graph, health))
    app.add_exception_handler(404, _nothing)
    app.add_route("/", _to_the_page if development else _where)
    if graph.settings.invalidation_secret is not None:
        app.include_router(invalidation.routes(graph, graph.settings.invalidation_secret))
    if development:
        app.mount(_STATIC, StaticFiles(directory=ide.STATIC, check_dir=False))
    page = Page(graph.title, PATH, graph.project.root / "queries") if development else None

    def front(behind: ASGIApp) -> ASGIApp:
        endpoint = _with_origins(Endpoint(behind, graph, page, admission), graph.settings.allowed_origins)
        return RequestLog(endpoint, quiet=f"{_STATIC}/")

    app.front = front
    return app


async def _to_the_page(_: Request) -> Response:
    return RedirectResponse(PATH)


async def _where(_: Request) -> Response:
    return PlainTextResponse(f"This is a GraphQL gateway. It answers at {PATH}.\n")


async def _nothing(request: Request, _: Exception) -> Response:
    """Nothing is at this path."""
    exchange = Exchange.of(request.scope)
    exchange.codes = ["NOT_FOUND"]
    told = error_body(f"Nothing is here; this is a GraphQL gateway, at {PATH}.", "NOT_FOUND", exchange.request_id)
    return Response(told, 404, media_type=JSON)


class Application(FastAPI):
    """FastAPI, with what nearly every request asks for in front of it: its own layers cost more than a small answer.

    What a user adds as middleware stands before both.
    """

    front: Callable[[ASGIApp], ASGIApp]

    def build_middleware_stack(self) -> ASGIApp:
        added, self.user_middleware = self.user_middleware, []
        app = self.front(super().build_middleware_stack())
        self.user_middleware = added
        for middleware, arguments, named in reversed(added):
            app = middleware(app, *arguments, **named)
        return app


def _with_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=["*"],
        expose_headers=["X-Request-Id"],
    )
