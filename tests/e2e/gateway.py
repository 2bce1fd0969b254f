"""The reference graph over a sandbox, with caches that start empty: what the tests of the whole ask and count with."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import graphfold
from graphfold.graph.graph import Graph
from graphfold.graph.runtime import Transports, network
from sandbox.credentials import variables

ROOT = Path(__file__).parents[2]
BACKENDS = ("crm", "shop", "catalog", "inventory", "billing", "marketing")
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used, and made once: loading the certificates for every client takes longer than most tests."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Gateway:
    """A running graph, and the control of the sandbox behind it (`http` is at its root)."""

    graph: Graph
    http: httpx.AsyncClient

    async def ask(self, query: str, **variables: Any) -> Json:
        """The data of an answer that has no errors and no remarks."""
        answer = await self.answer(query, **variables)
        assert list(answer) == ["data"], answer
        data: Json = answer["data"]
        return data

    async def answer(self, query: str, **variables: Any) -> Json:
        """The whole answer."""
        return (await self.graph.execute(query, variables, request_id="r-1")).document()

    async def forget_calls(self) -> None:
        await self.http.delete("/_sandbox/requests")

    async def calls(self) -> Json:
        """How often each backend was called since the last time somebody asked."""
        counted: Json = (await self.http.get("/_sandbox/requests")).json()
        await self.forget_calls()
        return counted

    async def suffer(self, backend: str, fault: str, **how: Any) -> None:
        """Give a backend a fault of the sandbox."""
        reply = await self.http.post("/_sandbox/faults", json={"backend": backend, "fault": fault, **how})
        assert reply.status_code == 201, reply.text

    async def recover(self) -> None:
        await self.http.delete("/_sandbox/faults")


def gateway(
    sandbox: str, transports: Transports = network, timer: Callable[[], float] = lambda: 0.0, /, **settings: str
) -> AbstractAsyncContextManager[Gateway]:
    """The graph over the sandbox at this address. `settings` are variables that differ from `reaching`'s."""
    return running(graphfold.load(ROOT, environment=reaching(sandbox) | settings), sandbox, transports, timer)


def reaching(sandbox: str) -> dict[str, str]:
    """The environment of a gateway to this sandbox. However slow the machine is, no call runs out of time."""
    return {**variables(sandbox), "GRAPHFOLD_CONNECT_TIMEOUT": "20", "GRAPHFOLD_CALL_TIMEOUT": "20"}


@asynccontextmanager
async def running(
    graph: Graph, sandbox: str, transports: Transports = network, timer: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[Gateway]:
    """A graph over the sandbox at this address, with nothing remembered.

    Unless the test brings a `timer`, nothing that is remembered grows old, however slow the machine is.
    """
    async with (
        graph.running(transports=transports, timer=timer, chance=lambda: 0.0),
        httpx.AsyncClient(base_url=sandbox, verify=NO_TLS, trust_env=False) as http,
    ):
        opened = Gateway(graph, http)
        await opened.forget_calls()
        yield opened


def calls(**expected: int) -> Json:
    """What all six counters should say; those not named are 0."""
    return dict.fromkeys(BACKENDS, 0) | expected
