"""The network as a transport for httpx users: clients, errors, streams."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from graphfold.transport.network import Network
from tests.graphfold.transport.peer import OK, Peer, Serve, always, until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(network: Network) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=network, timeout=2) as http:
        yield http


async def test_httpx_client_gets_a_normal_response(serve: Serve, http: httpx.AsyncClient) -> None:
    body = gzip.compress("hé".encode())
    head = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Type: text/plain; charset=utf-8\r\n"
    cookies = b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: %d\r\n\r\n" % len(body)
    backend = await serve(always(head + cookies + body))
    response = await http.post(f"{backend.url}/p?q=1", json={"a": 1})
    assert (response.status_code, response.text, response.http_version) == (201, "hé", "HTTP/1.1")
    assert dict(response.cookies) == {"a": "1", "b": "2"}
    assert backend.requests[0].startswith(b"POST /p?q=1 HTTP/1.1\r\n")
    assert backend.requests[0].endswith(b'content-length: 7\r\n\r\n{"a":1}')


async def test_connections_are_kept(serve: Serve, http: httpx.AsyncClient) -> None:
    backend = await serve(always(OK))
    for _ in range(3):
        assert (await http.get(backend.url)).text == "ok"
    assert (await http.head(backend.url)).text == ""
    assert backend.connections == 1


async def test_streamed_request_body_is_sent_whole(serve: Serve, http: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    backend = await serve(always(OK))
    await http.post(backend.url, content=pieces())
    assert b"transfer-encoding" not in backend.requests[0] and backend.requests[0].endswith(b"\r\n\r\nonetwo")


async def test_stream_yields_chunks_as_they_arrive(serve: Serve, http: httpx.AsyncClient) -> None:
    read = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        await read.wait()
        await peer.send(b"3\r\ntwo\r\n0\r\n\r\n")
        await peer.gone()

    backend = await serve(script)
    async with http.stream("GET", backend.url) as response:
        chunks = response.aiter_raw()
        assert await anext(chunks) == b"one"
        read.set()
        assert [chunk async for chunk in chunks] == [b"two"]


async def test_slow_reader_pauses_the_backend(serve: Serve, http: httpx.AsyncClient) -> None:
    size, sent = 50_000_000, 0

    async def script(peer: Peer) -> None:
        nonlocal sent
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while sent < size:
            await peer.send(bytes(100_000))
            sent += 100_000
        while True:
            await peer.request()
            await peer.send(OK)

    backend = await serve(script)
    async with http.stream("GET", backend.url) as response:
        for _ in range(1000):
            await asyncio.sleep(0)
        assert sent < size / 2
        assert sum([len(chunk) async for chunk in response.aiter_raw()]) == size
    assert (await http.get(backend.url)).text == "ok"
    assert backend.connections == 1


async def test_closing_stream_early_closes_connection(serve: Serve, http: httpx.AsyncClient) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await peer.gone()

    backend = await serve(script)
    async with http.stream("GET", backend.url) as response:
        assert response.status_code == 200
    await until(lambda: backend.ended == 1)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"", httpx.ReadError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", httpx.ReadError),
        (b"what?\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz", httpx.RemoteProtocolError),
    ],
)
async def test_connection_errors_become_httpx_errors(
    serve: Serve, http: httpx.AsyncClient, sent: bytes, error: type[Exception]
) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent)

    backend = await serve(script)
    with pytest.raises(error):
        await http.get(backend.url)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
async def test_read_timeout_limits_each_chunk(serve: Serve, http: httpx.AsyncClient, sent: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent)
        await peer.gone()

    backend = await serve(script)
    with pytest.raises(httpx.ReadTimeout):
        await http.get(backend.url, timeout=httpx.Timeout(5, read=0.05))
    await until(lambda: backend.ended == 1)


async def test_refused_connection_is_unavailable(http: httpx.AsyncClient) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(httpx.ConnectError):
            await http.get(f"http://127.0.0.1:{free.getsockname()[1]}")


async def test_header_value_cannot_add_a_header(serve: Serve, http: httpx.AsyncClient) -> None:
    backend = await serve(always(OK))
    with pytest.raises(httpx.LocalProtocolError):
        await http.get(backend.url, headers={"x": "a\r\ny: b"})
    assert not backend.requests
