"""One network in several event loops: connections of another loop are not touched."""

from __future__ import annotations

import asyncio
import gc
import warnings

from graphfold.transport.call import Call, CallLimits
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, always, backend


def test_one_network_in_several_loops() -> None:
    network = Network()

    async def ask() -> list[bytes]:
        async with backend(always(OK)) as running:
            calls = Client(running.url, network, CallLimits(), lambda _: Session())
            replies = await asyncio.gather(*(calls.send(Call("GET", "/")) for _ in range(6)))
            await network.aclose()
            return [reply.body for reply in replies]

    for _ in range(3):
        assert asyncio.run(ask()) == [b"ok"] * 6


def test_connections_of_a_closed_loop_are_discarded() -> None:
    network = Network()

    async def ask(port: int) -> tuple[bytes, int]:
        async with backend(always(OK), port=port) as running:
            calls = Client(running.url, network, CallLimits(), lambda _: Session())
            return (await calls.send(Call("GET", "/"))).body, running.port

    body, port = asyncio.run(ask(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the previous loop ended with open connections
        assert asyncio.run(ask(port)) == (body, port)
        gc.collect()
    asyncio.run(network.aclose())
