"""The sandbox's HTTP server over a plain socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.company import Settings
from sandbox.server import Sandbox, running

pytestmark = pytest.mark.anyio

COUNTS = b"GET /_sandbox/requests HTTP/1.1\r\nHost: x\r\n\r\n"


@asynccontextmanager
async def connected(sandbox: Sandbox) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    address = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await writer.wait_closed()


async def reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read status and body of the next response."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)


async def test_server_keeps_connections_alive_and_accepts_pipelining(sandbox: Sandbox) -> None:
    async with connected(sandbox) as (reader, writer):
        writer.write(COUNTS * 3)
        assert [(await reply(reader))[0] for _ in range(3)] == [200, 200, 200]
        writer.write(COUNTS)
        assert (await reply(reader))[0] == 200


async def test_server_accepts_split_and_chunked_requests(sandbox: Sandbox) -> None:
    body = b'{"backend": "crm", "fault": "html"}'
    head = b"POST /_sandbox/faults HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])
    async with connected(sandbox) as (reader, writer):
        for start in range(0, len(head + chunks), 7):
            writer.write((head + chunks)[start : start + 7])
            await writer.drain()
        assert (await reply(reader))[0] == 201


@pytest.mark.parametrize(
    "request_", [COUNTS.replace(b"1.1", b"1.0"), COUNTS.replace(b"Host", b"Connection: close\r\nHost")]
)
async def test_server_honours_connection_close(sandbox: Sandbox, request_: bytes) -> None:
    async with connected(sandbox) as (reader, writer):
        writer.write(request_)
        assert (await reply(reader))[0] == 200
        assert await reader.read() == b""


async def test_server_ignores_an_upgrade_request(sandbox: Sandbox) -> None:
    async with connected(sandbox) as (reader, writer):
        writer.write(COUNTS.replace(b"Host", b"Connection: Upgrade\r\nUpgrade: h2c\r\nHost"))
        assert (await reply(reader))[0] == 200
        assert await reader.read() == b""


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01 no TLS here\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
async def test_server_rejects_malformed_http(sandbox: Sandbox, nonsense: bytes) -> None:
    async with connected(sandbox) as (reader, writer):
        writer.write(nonsense)
        assert (await reply(reader))[0] == 400
        assert await reader.read() == b""


async def test_server_rejects_a_body_too_large(http: httpx.AsyncClient) -> None:
    assert (await http.post("/shop/orders", content=b"x" * 10_000_001)).status_code == 413


async def test_server_answers_clients_concurrently(sandbox: Sandbox) -> None:
    async def one() -> int:
        async with connected(sandbox) as (reader, writer):
            writer.write(COUNTS)
            return (await reply(reader))[0]

    assert set(await asyncio.gather(*(one() for _ in range(200)))) == {200}


async def test_server_cancels_the_reply_to_a_disconnected_client() -> None:
    async with running(Settings(customers=1)) as sandbox:
        before = len(asyncio.all_tasks())
        async with connected(sandbox) as (_, writer), httpx.AsyncClient(base_url=sandbox.url) as http:
            await http.post("/_sandbox/faults", json={"backend": "crm", "fault": "latency", "seconds": 3600})
            writer.write(b"GET /crm/v2/customers HTTP/1.1\r\nHost: x\r\n\r\n")
            while not (await http.get("/_sandbox/requests")).json()["crm"]:
                pass
        async with asyncio.timeout(5):  # the sleeping answer ends with its client
            while len(asyncio.all_tasks()) > before:
                await asyncio.sleep(0)


async def test_server_stops_at_once_during_a_hanging_reply() -> None:
    async with asyncio.timeout(5):
        async with running(Settings(customers=1)) as sandbox, httpx.AsyncClient(base_url=sandbox.url) as http:
            await http.post("/_sandbox/faults", json={"backend": "crm", "fault": "latency", "seconds": 3600})
            hanging = asyncio.create_task(http.get("/crm/v2/customers"))
            while not (await http.get("/_sandbox/requests")).json()["crm"]:
                pass
        with pytest.raises(httpx.TransportError):
            await hanging
