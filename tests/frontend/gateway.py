"""The smallest gateway with the page: one field, two examples."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from graphfold.server.ide import CSP, STATIC, Tab, render_page

TABS = (
    Tab("Hello", "query Hello($name: String!) {\n  greeting(name: $name)\n}\n", '{"name": "Ada"}'),
    Tab("A closing tag", 'query Closing {\n  greeting(name: "</script><script>alert(1)</script>")\n}\n'),
)


def small_graph(static: Path = STATIC, tabs: Sequence[Tab] = TABS) -> Starlette:
    schema = strawberry.Schema(Query)

    async def show_page(_: Request) -> Response:
        html = render_page(title="A small graph", endpoint="/graphql", tabs=tabs, static=static)
        return Response(html, media_type="text/html", headers={"Content-Security-Policy": CSP})

    async def execute(request: Request) -> Response:
        body = await request.json()
        result = await schema.execute(body["query"], variable_values=body.get("variables"))
        return JSONResponse({"data": result.data})

    return Starlette(
        routes=[
            Route("/graphql", show_page),
            Route("/graphql", execute, methods=["POST"]),
            Mount("/graphql/static", StaticFiles(directory=static)),
        ]
    )


def greet(name: str) -> str:
    return f"Hello, {name}."


@strawberry.type
class Query:
    greeting: str = strawberry.field(resolver=greet)


@contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve the app on a free port in a thread; yield its base URL."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
