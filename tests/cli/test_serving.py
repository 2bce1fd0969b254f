"""The web server in this process: it is up when the block begins, or says why it is not."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import strawberry
import structlog

from graphfold import resolves
from graphfold.cli.connections import PATIENT, Patience
from graphfold.cli.serving import served
from graphfold.cli.terminal import Stop
from graphfold.testing import declaring, graph_of
from graphfold.testing.conformance.clock import SkippingLoop

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Serving settles the collector of its process, which is ours here."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def app() -> Iterator[Any]:
    with declaring(), structlog.testing.capture_logs():

        @strawberry.type
        class Query:
            pass

        @resolves(Query)
        def name() -> str:
            return "graph"

        @resolves(Query)
        def long() -> str:
            return "long" * 2_500_000

        yield graph_of().app()


async def test_it_answers_until_the_block_ends(app: Any) -> None:
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        async with served(app, listener), httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(url, json={"query": "{ name }"})
            assert answer.json() == {"data": {"name": "graph"}}
    assert asyncio.all_tasks() == before


HEAD = b"POST /graphql HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
ASKING = b'{"query": "{ long }"}'
PATIENCE = Patience(head=0.2, reply=0.2, idle=60)


async def test_who_does_not_finish_a_head_is_not_waited_for(app: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with served(app, listener, PATIENCE):
            for before in (b"", b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"):
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                if before:
                    writer.write(before)
                    await reader.readuntil(b'"alive"}')
                writer.write(HEAD)
                async with asyncio.timeout(20):
                    with contextlib.suppress(ConnectionResetError):
                        assert await reader.read() == b""
                writer.close()


@pytest.mark.parametrize("anyio_backend", [("asyncio", {"loop_factory": SkippingLoop})], ids=["nobody waits"])
@pytest.mark.parametrize("before", [b"", b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"], ids=["first", "second"])
async def test_a_head_has_its_time_and_hardly_more(app: Any, before: bytes) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with served(app, listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            if before:
                writer.write(before)
                await reader.readuntil(b'"alive"}')
                await asyncio.sleep(PATIENT.head / 20)  # between two looks
            began = loop.time()
            writer.write(HEAD)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            assert PATIENT.head <= loop.time() - began < PATIENT.head * 1.2
            writer.close()


async def test_who_does_not_take_its_reply_is_not_waited_for(app: Any) -> None:
    """It takes a byte at a time, which never ends."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)
        async with served(app, listener, PATIENCE), asyncio.timeout(20):
            await loop.sock_connect(client, listener.getsockname())
            await loop.sock_sendall(client, HEAD + b"content-length: %d\r\n\r\n" % len(ASKING) + ASKING)
            with pytest.raises(ConnectionResetError):
                while await loop.sock_recv(client, 1):
                    await asyncio.sleep(0)  # the server's turn


async def test_a_server_that_does_not_come_up_is_told(app: Any) -> None:
    before = asyncio.all_tasks()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.close()
    with pytest.raises(Stop, match="The web server ended before it was up: "):
        async with served(app, listener):
            pytest.fail("it is not up")
    assert asyncio.all_tasks() == before
