"""Serves an application with uvicorn on an open socket, and lets requests in flight finish when it stops."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import uvicorn
from fastapi import FastAPI

from graphfold.serving.acceptor import Acceptor
from graphfold.serving.client_connection import DEFAULT_TIMEOUTS, ClientConnection, ClientTimeouts
from graphfold.serving.errors import ServingError

__all__ = ["serve_app", "tune_garbage_collector"]

DEVELOPMENT_GRACE = 1.3
"""Seconds of grace while a developer waits at the terminal for the end."""


@asynccontextmanager
async def serve_app(
    app: FastAPI,
    listener: socket.socket,
    timeouts: ClientTimeouts = DEFAULT_TIMEOUTS,
    *,
    grace: float = DEVELOPMENT_GRACE,
) -> AsyncIterator[None]:
    """Serve the application on this socket until the block ends. Raise `ServingError` if the server cannot start.

    Requests in flight at the end then have `grace` seconds to finish before they are cancelled.
    """
    async with app.router.lifespan_context(app):
        tune_garbage_collector()
        server = _Server(app, timeouts, grace)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        serving.add_done_callback(lambda _: server.up.set())  # it has failed, if it ends before it is up
        try:
            await server.up.wait()
        except asyncio.CancelledError:
            serving.cancel()
            raise
        if not server.started:
            reason = serving.exception() or "no reason is known"
            raise ServingError(f"The web server ended before it was up: {reason}")
        try:
            yield
        finally:
            # `/readyz` fails from here on, so that load balancers send no more requests.
            app.state.health.draining = True
            server.should_exit = True
            await serving


def tune_garbage_collector() -> None:
    """Exclude what is loaded by now from garbage collection, and collect less often than after 700 allocations.

    Modules and the schema live as long as the process, and walking them takes tens of milliseconds.
    """
    gc.collect()  # first, as garbage that is frozen is never freed
    gc.freeze()
    # A large answer allocates tens of thousands of objects that live until it is sent. Requests leave hardly any
    # cycles, so a collection in the middle of one would walk its objects and free nothing.
    gc.set_threshold(50_000, 20, 50)


class _Server(uvicorn.Server):
    """uvicorn's server, except that it leaves signals to `signals.py`, accepts with `Acceptor`, and sets `up`."""

    def __init__(self, app: FastAPI, timeouts: ClientTimeouts, grace: float) -> None:
        seconds: Any = grace  # declared as int, but used as a float
        # Declared as a class, but called like any factory.
        protocol: Any = partial(ClientConnection, admission=app.state.admission, timeouts=timeouts)
        config = uvicorn.Config(
            app,
            http=protocol,
            lifespan="off",  # `serve_app` runs it
            timeout_keep_alive=timeouts.idle,
            ws="none",  # no WebSockets; "auto" would import a library for them
            log_config=None,  # the request log replaces uvicorn's own
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,  # clients could forge X-Forwarded-*, and nothing here uses the client's address
            timeout_graceful_shutdown=seconds,
        )
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if os.name == "nt":  # its event loop has no add_reader, and accepts all waiting connections by itself
            await super().startup(sockets)
        else:
            connection: Any = self.config.http_protocol_class
            protocol = partial(connection, self.config, self.server_state, {})
            servers: list[Any] = [Acceptor(listener, protocol) for listener in sockets or []]
            self.servers, self.started = servers, True
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn would replace the handlers of `signals.py`, and raise the signal again after it has stopped.
        yield
