"""Runs the gateway in this process and ends it well: what can finish soon finishes, the rest is cut off."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from graphfold.cli.connections import PATIENT, Connection, Patience
from graphfold.cli.terminal import Stop

__all__ = ["run", "served", "settle_memory"]

IMPATIENT = 1.3
"""Seconds of grace where somebody sits in front of it and waits for the end."""


@asynccontextmanager
async def served(
    app: FastAPI, listener: socket.socket, patience: Patience = PATIENT, *, grace: float = IMPATIENT
) -> AsyncIterator[None]:
    """The application answers on this socket until the block ends. Raises `Stop` where it cannot.

    Requests under way then have `grace` seconds to finish.
    """
    async with app.router.lifespan_context(app):
        settle_memory()
        server = _Server(_configured(app, patience, grace))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await _up(server, serving)
        try:
            yield
        finally:
            app.state.health.draining = True
            server.should_exit = True
            await serving


async def _up(server: _Server, serving: asyncio.Task[None]) -> None:
    """Wait until the server answers. Raises `Stop` where it ends before that."""
    serving.add_done_callback(lambda _: server.up.set())
    try:
        await server.up.wait()
    except asyncio.CancelledError:
        serving.cancel()
        raise
    if not server.started:
        raise Stop(f"The web server ended before it was up: {serving.exception() or 'it does not say why'}")


def settle_memory() -> None:
    """What was loaded stays: the collector need not walk it again, nor come after every few hundred small objects."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _configured(app: FastAPI, patience: Patience, grace: float) -> uvicorn.Config:
    # Our own lines say what is to be said. WebSockets are not served, so none is accepted.
    seconds: Any = grace  # declared as whole seconds, used as a float
    http: Any = partial(
        Connection, admission=app.state.admission, patience=patience
    )  # declared as a class, used as any function that makes one
    return uvicorn.Config(
        app,
        http=http,
        lifespan="off",
        timeout_keep_alive=patience.idle,
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=seconds,
    )


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us and says when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(work: Coroutine[Any, Any, int]) -> int:
    """Run a command until it is done or a signal ends it: the first unwinds it, a second Ctrl-C kills it."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            return runner.run(_until_signal(work))
        except asyncio.CancelledError:
            return 0


async def _until_signal(work: Coroutine[Any, Any, int]) -> int:
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGINT, _interrupt, task)
    return await task


def _interrupt(task: asyncio.Task[int]) -> None:
    if task.cancelling():
        os._exit(130)
    task.cancel()


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return None
    return uvloop.new_event_loop
