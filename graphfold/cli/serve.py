"""`graphfold serve`: serves the graph in production."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Annotated

import structlog
import typer

from graphfold.cli.listening import listen
from graphfold.cli.project_graph import load_graph, stop_if_settings_are_missing
from graphfold.graph.graph import Graph
from graphfold.serving.listener import url_of
from graphfold.serving.log_output import configure_logging

__all__ = ["serve"]

MAX_GRACE = 25.0
"""Seconds of grace at most. Kubernetes, by default, kills a process 30 seconds after SIGTERM."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the graph: no sandbox, no GraphiQL, no introspection, no suggestions."""
    from graphfold.serving.signals import run_until_signal

    # The socket is opened before the graph is loaded, so that a taken port is reported at once.
    with listen(host, port) as listener:
        configure_logging()
        graph = load_graph(os.environ)
        fix = "set them, or put a value into a file and name it in the variable with _FILE at its end."
        stop_if_settings_are_missing(graph, fix)
        code = run_until_signal(_serve(graph, listener))
    raise typer.Exit(code)


async def _serve(graph: Graph, listener: socket.socket) -> int:
    from graphfold.serving.web_server import serve_app

    grace = min(graph.settings.deadline + 1, MAX_GRACE)  # no operation takes longer than its deadline
    async with serve_app(graph.app(), listener, grace=grace):
        structlog.get_logger("graphfold").info("serving", title=graph.title, url=f"{url_of(listener)}/graphql")
        await asyncio.Event().wait()
    return 0
