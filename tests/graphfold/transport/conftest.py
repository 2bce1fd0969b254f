"""Both event loops a graph may run on, and clients whose connections are closed after their test."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from graphfold.resilience.bulkhead import Bulkhead
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import Backend, Connect, Script, Serve, backend


class _Guarded(Client):
    """A client without credentials that limits concurrent calls."""

    def __init__(self, address: str, network: Network, limits: CallLimits, parallel: int) -> None:
        super().__init__(address, network, limits, lambda _: Session())
        self._bulkhead = Bulkhead(parallel, 1000)

    async def send(self, call: Call, seconds: float | None = None) -> Reply:
        if not self._bulkhead.try_acquire():
            await self._bulkhead.acquire(5)
        try:
            return await super().send(call, seconds)
        finally:
            self._bulkhead.release()


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
    def make(
        target: Backend | str, *, total: float = 5, connect: float = 5, reply: int = 10_000_000, parallel: int = 32
    ) -> Client:
        address = target if isinstance(target, str) else target.url
        return _Guarded(address, network, CallLimits(total, connect, reply), parallel)

    return make
