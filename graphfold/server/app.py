"""The ASGI application: a graph, its health, and in development the page for browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.staticfiles import StaticFiles

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
    app = FastAPI(title=graph.title, lifespan=lifespan, openapi_url=None)
    app.state.health = health
    app.include_router(routes(graph, health))
    if development:
        app.mount(f"{PATH}/static", StaticFiles(directory=ide.STATIC, check_dir=False))
    page = Page(graph.title, PATH, graph.project.root / "queries") if development else None
    app.add_middleware(Endpoint, graph=graph, page=page)
    _allow_origins(app, graph)
    app.add_middleware(RequestLog)  # the last added is the outermost
    return app


def _allow_origins(app: FastAPI, graph: Served) -> None:
    if origins := graph.settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["X-Request-Id"],
        )
