"""The acceptor accepts all waiting connections together, on asyncio's and on uvloop's event loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from graphfold.serving.acceptor import Acceptor

pytestmark = pytest.mark.anyio

CLIENTS = 60


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    if request.param:
        pytest.importorskip("uvloop")
    return "asyncio", {"use_uvloop": request.param}


class GreetingProtocol(asyncio.Protocol):
    """Records itself, sends two bytes and closes."""

    def __init__(self, connections: list[GreetingProtocol]) -> None:
        self._connections = connections

    def connection_made(self, transport: Any) -> None:
        self._connections.append(self)
        transport.write(b"in")
        transport.close()


async def test_waiting_connections_are_accepted_in_a_few_loop_turns() -> None:
    connections: list[GreetingProtocol] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2 * CLIENTS))
        acceptor = Acceptor(listener, lambda: GreetingProtocol(connections))
        clients = [
            stack.enter_context(socket.create_connection(listener.getsockname(), timeout=20)) for _ in range(CLIENTS)
        ]
        turns = 0
        while len(connections) < CLIENTS and turns < CLIENTS // 2:
            await asyncio.sleep(0)
            turns += 1
        assert len(connections) == CLIENTS
        acceptor.close()
        await acceptor.wait_closed()
        await asyncio.sleep(0)
        assert [client.recv(2) for client in clients] == [b"in"] * CLIENTS


async def test_connection_reset_before_accept_is_ignored() -> None:
    tasks_before, connections = asyncio.all_tasks(), list[GreetingProtocol]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Acceptor(listener, lambda: GreetingProtocol(connections))
        with socket.create_connection(listener.getsockname()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        async with asyncio.timeout(20):
            with socket.create_connection(listener.getsockname()):
                while not connections:
                    await asyncio.sleep(0)
        acceptor.close()
        await acceptor.wait_closed()
    assert asyncio.all_tasks() == tasks_before
