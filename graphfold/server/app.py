"""The ASGI application: a graph, its health, and in development the page for browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from graphfold.server import ide
from graphfold.server.endpoint import PATH, Endpoint
from graphfold.server.health import Health, routes
from graphfold.server.page import Page
from graphfold.server.requestlog import RequestLog
from graphfold.server.served import Served

__all__ = ["create_app"]


def create_app(graph: Served, *, development: bool = False) -> FastAPI:
    """The application that serves this graph; it runs the graph while it runs itself.

    With `development`: GraphiQL, introspection and suggestions. `app.state.health` is its `Health`.
    """
    health = Health()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with graph.running():
            health.running = True
            yield
            health.running = False

    graph.documents.development = development
    app = Application(title=graph.title, lifespan=lifespan, openapi_url=None)
    app.state.health = health
    app.include_router(routes(graph, health))
    if development:
        app.mount(f"{PATH}/static", StaticFiles(directory=ide.STATIC, check_dir=False))
    page = Page(graph.title, PATH, graph.project.root / "queries") if development else None
    endpoint: ASGIApp = Endpoint(app.behind, graph=graph, page=page)
    app.front = RequestLog(_with_origins(endpoint, graph.settings.allowed_origins))
    return app


class Application(FastAPI):
    """FastAPI, with what nearly every request asks for in front of it: its own layers cost more than a small answer."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.front(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The routes."""
        await super().__call__(scope, receive, send)


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
