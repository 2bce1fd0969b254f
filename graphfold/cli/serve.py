"""`graphfold serve`: the gateway for production."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Annotated

import structlog
import typer

from graphfold.cli.listening import address_of, listen
from graphfold.cli.loading import loaded, refuse_missing
from graphfold.cli.logs import configure
from graphfold.graph.graph import Graph

__all__ = ["serve"]

LONGEST = 25.0
"""Seconds of grace at the most: who told the gateway to stop often kills it after 30."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
) -> None:
    """Serve the graph: no sandbox, no GraphiQL, no introspection, no suggestions."""
    from graphfold.cli.serving import run

    with listen(host, port) as listener:
        configure()
        graph = loaded(os.environ)
        refuse_missing(graph, "set them, or put a value into a file and name it in the variable with _FILE at its end.")
        code = run(_serve(graph, listener))
    raise typer.Exit(code)


async def _serve(graph: Graph, listener: socket.socket) -> int:
    from graphfold.cli.serving import served

    grace = min(graph.settings.deadline + 1, LONGEST)  # no operation takes longer
    async with served(graph.app(), listener, grace=grace):
        structlog.get_logger("graphfold").info("serving", title=graph.title, url=f"{address_of(listener)}/graphql")
        await asyncio.Event().wait()
    return 0
