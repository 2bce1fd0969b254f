"""The columns of the failure matrix: each backend with a sandbox of its own, so that all can fail at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

import graphfold
from graphfold.graph.graph import Graph
from graphfold.testing import FaultProxy
from sandbox import server
from sandbox.company import Settings
from tests.e2e.failures import Failure
from tests.e2e.gateway import ROOT, Gateway, Json, reaching, running
from tests.e2e.portions import QUERY

__all__ = ["COMPANY", "LIMIT", "SHORT", "SLACK", "Column", "column", "suffering"]

COMPANY = Settings(customers=40, marketing_delay=0, shop_rate=1_000_000)
LIMIT = 20.0
"""Seconds that a call may take (`reaching`)."""
SHORT = 0.4
"""The same where nothing else ends it."""
SLACK = 10.0
"""Seconds that a busy machine may need on top."""


@dataclass(frozen=True)
class Column:
    """One backend behind a proxy; the others are reached directly. `hasty` limits the time of its calls.

    `whole` is the answer without a failure.
    """

    backend: str
    sandbox: str
    proxy: FaultProxy
    graph: Graph
    hasty: Graph
    whole: Json

    def running(
        self, failure: Failure, timer: Callable[[], float] = lambda: 0.0
    ) -> AbstractAsyncContextManager[Gateway]:
        """Run the graph for this failure in a clean state: empty caches, closed breakers, no connections."""
        return running(self.hasty if failure.slow else self.graph, self.sandbox, timer=timer)


@asynccontextmanager
async def column(backend: str) -> AsyncIterator[Column]:
    async with AsyncExitStack() as stack:
        sandbox = (await stack.enter_async_context(server.running(COMPANY))).url
        proxy = await stack.enter_async_context(FaultProxy(sandbox))
        environment = reaching(sandbox)
        address = f"GRAPHFOLD_{backend.upper()}_URL"
        environment[address] = environment[address].replace(sandbox, proxy.url)
        short = {f"GRAPHFOLD_{backend.upper()}_CALL_TIMEOUT": str(SHORT)}
        graph, hasty = (graphfold.load(ROOT, environment=given) for given in (environment, environment | short))
        async with running(graph, sandbox) as gateway:
            whole = await gateway.ask(QUERY)
        yield Column(backend, sandbox, proxy, graph, hasty, whole)


@asynccontextmanager
async def suffering(failure: Failure, backend: str, proxy: FaultProxy, http: httpx.AsyncClient) -> AsyncIterator[None]:
    """Make the backend fail in this way until the block ends."""
    if isinstance(failure.fault, Mapping):
        response = await http.post("/_sandbox/faults", json={"backend": backend, **failure.fault})
        assert response.status_code == 201, response.text
    else:
        await proxy.inject(failure.fault)
    try:
        async with asyncio.timeout((SHORT if failure.slow else LIMIT) + SLACK):
            yield
    finally:
        await http.delete("/_sandbox/faults", params={"backend": backend})
        await proxy.heal()
