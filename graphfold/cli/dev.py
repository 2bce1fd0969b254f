"""`graphfold dev`: the sandbox and the gateway with everything that helps while you build."""

from __future__ import annotations

import asyncio
import socket
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from graphfold.cli.listening import address_of, check_sandbox_port, listen
from graphfold.cli.loading import development_environment, loaded, project
from graphfold.cli.logs import configure
from graphfold.cli.progress import show_backends
from graphfold.cli.sandbox import sandbox
from graphfold.cli.terminal import Stop, out
from graphfold.graph.graph import Graph
from graphfold.graph.project import Project
from graphfold.server.page import examples

__all__ = ["dev", "gateway"]


def dev(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox; 0: a free one.", min=0, max=65535)] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    reload: Annotated[bool, typer.Option("--reload", help="Start again whenever a file changes.")] = False,
    no_sandbox: Annotated[bool, typer.Option("--no-sandbox", help="Use the backends of your settings.")] = False,
) -> None:
    """Start the sandbox and the gateway, with GraphiQL."""
    from graphfold.cli.serving import run

    here = project()
    with_sandbox = here.sandbox is not None and not no_sandbox
    if with_sandbox:
        check_sandbox_port(sandbox_port, port)
    with listen(host, port) as listener:
        code = run(_dev(here, listener, sandbox_port if with_sandbox else None, reload=reload))
    raise typer.Exit(code)


async def _dev(here: Project, listener: socket.socket, sandbox_port: int | None, *, reload: bool) -> int:
    out.print(f"{here.title} is starting.")
    async with _environment(here, sandbox_port) as environment:
        if reload:
            from graphfold.cli.reload import supervise

            await supervise(here.root, listener, environment)
        async with gateway(listener, environment):
            await asyncio.Event().wait()
    return 0


@asynccontextmanager
async def _environment(here: Project, sandbox_port: int | None) -> AsyncIterator[dict[str, str]]:
    """The variables for the gateway. The sandbox that was just started is meant, whatever `.env` says."""
    if sandbox_port is None or here.sandbox is None:
        yield development_environment(here.root)
        return
    async with sandbox(here.sandbox, here.root, sandbox_port) as running:
        out.print(f"The sandbox is ready at {running.url}")
        async with _while_it_runs(running.ended):
            yield development_environment(here.root, running.settings)


@asynccontextmanager
async def _while_it_runs(ended: asyncio.Task[int]) -> AsyncIterator[None]:
    """Stops when the sandbox ends by itself: without it no query is answered any more."""
    working = asyncio.current_task()
    assert working is not None

    def stop(_: object) -> None:
        working.cancel()

    ended.add_done_callback(stop)
    try:
        yield
    except asyncio.CancelledError:
        if not ended.done():
            raise
        raise Stop(f"The sandbox has ended (exit code {ended.result()}).", fix="start again.") from None
    finally:
        ended.remove_done_callback(stop)


@asynccontextmanager
async def gateway(
    listener: socket.socket, environment: dict[str, str], *, announced: bool = True
) -> AsyncIterator[None]:
    """The gateway in this process; `announced`, it says how each backend is and where to go."""
    from graphfold.cli.serving import served

    configure()
    graph = loaded(environment)
    async with served(graph.app(development=True), listener):
        if announced:
            await show_backends(graph)
            _show_address(graph, f"{address_of(listener)}/graphql")
        yield


def _show_address(graph: Graph, url: str) -> None:
    out.print(f"\nGraphiQL: {url}\n")
    for example in examples(graph.project.root / "queries")[:1]:
        out.print("A query to paste:\n\n" + textwrap.indent(example.query.strip(), "    ") + "\n")
    out.print("Ctrl-C ends it.")
