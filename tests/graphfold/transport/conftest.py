"""Both event loops a graph may run on, and clients whose connections end with their test."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from graphfold.transport.client import CallLimits, Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import Backend, Connect, Script, Serve, backend


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    yield network
    await network.aclose()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(script: Script, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Backend:
            return await stack.enter_async_context(backend(script, tls=tls, host=host))

        yield start


@pytest.fixture
def client(network: Network) -> Connect:
    """Without credentials."""

    def make(
        target: Backend | str, *, total: float = 5, connect: float = 1, reply: int = 10_000_000, parallel: int = 32
    ) -> Client:
        address = target if isinstance(target, str) else target.url
        return Client(address, network, CallLimits(total, connect, reply, parallel), lambda _: Session())

    return make
