"""`graphfold dev`: runs the sandbox, and the gateway with GraphiQL and helpful messages."""

from __future__ import annotations

import asyncio
import socket
import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from graphfold.cli.listening import listen
from graphfold.cli.project_graph import current_project, development_environment, load_graph
from graphfold.cli.rendering.backend_status import show_backends
from graphfold.cli.sandbox_process import run_sandbox
from graphfold.cli.terminal import Stop, out
from graphfold.graph.project import Project
from graphfold.server.graphiql_page import example_queries
from graphfold.serving.listener import url_of
from graphfold.serving.log_output import configure_logging

__all__ = ["dev", "gateway"]


def dev(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the sandbox; 0: a free one.", min=0, max=65535)] = 8001,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    reload: Annotated[bool, typer.Option("--reload", help="Restart whenever a file changes.")] = False,
    no_sandbox: Annotated[bool, typer.Option("--no-sandbox", help="Call the backends in your settings.")] = False,
) -> None:
    """Start the sandbox and the gateway, with GraphiQL."""
    from graphfold.serving.signals import run_until_signal

    project = current_project()
    with_sandbox = project.sandbox is not None and not no_sandbox
    if with_sandbox:
        if sandbox_port and sandbox_port == port:
            message = f"--port and --sandbox-port: both are {port}."
            raise Stop(message, fix="choose another for one of them (0 takes any free one).", code=2)
        # The sandbox listens by itself. Trying its port first gives a clear message before anything starts.
        listen("127.0.0.1", sandbox_port, "--sandbox-port").close()
    with listen(host, port) as listener:
        code = run_until_signal(_dev(project, listener, sandbox_port if with_sandbox else None, reload=reload))
    raise typer.Exit(code)


async def _dev(project: Project, listener: socket.socket, sandbox_port: int | None, *, reload: bool) -> int:
    out.print(f"{project.title} is starting.")
    async with _environment(project, sandbox_port) as environment:
        if reload:
            from graphfold.serving.reloader import reload_on_change

            await reload_on_change(project.root, listener, environment, out.print)
        async with gateway(listener, environment):
            await asyncio.Event().wait()
    return 0


@asynccontextmanager
async def _environment(project: Project, sandbox_port: int | None) -> AsyncIterator[dict[str, str]]:
    """Run the sandbox if it has a port, and yield the gateway's variables. The sandbox's override those in `.env`.

    Raise `Stop` if the sandbox ends by itself.
    """
    if sandbox_port is None or project.sandbox is None:
        yield development_environment(project.root)
        return
    async with run_sandbox(project.sandbox, project.root, sandbox_port) as sandbox:
        out.print(f"The sandbox is ready at {sandbox.url}")
        async with _stop_with_sandbox(sandbox.ended):
            yield development_environment(project.root, sandbox.settings)


@asynccontextmanager
async def _stop_with_sandbox(ended: asyncio.Task[int]) -> AsyncIterator[None]:
    """Cancel the block and raise `Stop` when the sandbox ends by itself: no query can be answered without it."""
    working = asyncio.current_task()
    assert working is not None

    # The block runs in this task, which cannot also wait for the process; a callback cancels it instead.
    def cancel(_: object) -> None:
        working.cancel()

    ended.add_done_callback(cancel)
    try:
        yield
    except asyncio.CancelledError:
        if not ended.done():  # the cancellation came from a signal, not from `cancel`
            raise
        raise Stop(f"The sandbox has ended (exit code {ended.result()}).", fix="start again.") from None
    finally:
        ended.remove_done_callback(cancel)


@asynccontextmanager
async def gateway(
    listener: socket.socket, environment: dict[str, str], *, announced: bool = True
) -> AsyncIterator[None]:
    """Run the gateway in this process. `announced`, it prints the state of the backends and its address."""
    from graphfold.serving.web_server import serve_app

    configure_logging()
    graph = load_graph(environment)
    async with serve_app(graph.app(development=True), listener):
        if announced:
            await show_backends(graph)
            out.print(f"\nGraphiQL: {url_of(listener)}/graphql\n")
            for example in example_queries(graph.project.root / "queries")[:1]:
                out.print("A query to paste:\n\n" + textwrap.indent(example.query.strip(), "    ") + "\n")
            out.print("Press Ctrl-C to stop.")
        yield
