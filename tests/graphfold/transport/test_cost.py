"""Check the processor time of a call against httpx. The bound is generous, for busy machines."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import httpx
import uvloop

from graphfold.transport.call import Call, CallLimits
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK


class _Canned(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(OK)


async def _cost(transport: httpx.AsyncBaseTransport) -> float:
    """Return the seconds of CPU for 160 calls, 32 at a time, including the backend's."""
    server = await asyncio.get_running_loop().create_server(_Canned, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = Client(address, transport, CallLimits(), lambda _: Session())

    async def calls(count: int) -> None:
        for _ in range(count):
            await client.send(Call("GET", "/x"))

    await asyncio.gather(*(calls(1) for _ in range(32)))
    start = time.process_time()
    await asyncio.gather(*(calls(5) for _ in range(32)))
    spent = time.process_time() - start
    await transport.aclose()
    server.close()
    return spent


def test_call_costs_a_tenth_of_httpx() -> None:
    ours = min(uvloop.run(_cost(Network())) for _ in range(3))
    theirs = uvloop.run(_cost(httpx.AsyncHTTPTransport(verify=False, trust_env=False)))
    assert ours < theirs / 10
