"""The acceptor accepts all waiting connections together, on asyncio's and on uvloop's event loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from graphfold.serving.acceptor import Acceptor

pytestmark = pytest.mark.anyio

MANY = 60


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    if request.param:
        pytest.importorskip("uvloop")
    return "asyncio", {"use_uvloop": request.param}


class Greeting(asyncio.Protocol):
    """Records that it was made, sends two bytes and closes."""

    def __init__(self, made: list[Greeting]) -> None:
        self._made = made

    def connection_made(self, transport: Any) -> None:
        self._made.append(self)
        transport.write(b"in")
        transport.close()


async def test_waiting_connections_are_accepted_in_a_few_loop_turns() -> None:
    made: list[Greeting] = []
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2 * MANY))
        acceptor = Acceptor(listener, lambda: Greeting(made))
        clients = [
            stack.enter_context(socket.create_connection(listener.getsockname(), timeout=20)) for _ in range(MANY)
        ]
        turns = 0
        while len(made) < MANY and turns < MANY // 2:
            await asyncio.sleep(0)
            turns += 1
        assert len(made) == MANY
        acceptor.close()
        await acceptor.wait_closed()
        await asyncio.sleep(0)
        assert [client.recv(2) for client in clients] == [b"in"] * MANY


async def test_connection_reset_before_accept_is_ignored() -> None:
    before, made = asyncio.all_tasks(), list[Greeting]()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        acceptor = Acceptor(listener, lambda: Greeting(made))
        with socket.create_connection(listener.getsockname()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        async with asyncio.timeout(20):
            with socket.create_connection(listener.getsockname()):
                while not made:
                    await asyncio.sleep(0)
        acceptor.close()
        await acceptor.wait_closed()
    assert asyncio.all_tasks() == before
