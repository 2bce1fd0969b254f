"""Broken and malicious replies: a typed error in time, and a connection that is never used again."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from graphfold.errors import BackendBadReply, BackendTimeout, BackendUnavailable
from graphfold.transport.call import Call
from tests.graphfold.transport.peer import OK, Connect, Peer, Script, Serve, always, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")


def then_close(*pieces: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        peer.close()

    return script


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"HTTP/1.1 200 O"],
        [b"HTTP/1.1 200 OK\r\nContent-Le"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n"],
    ],
    ids=["nothing", "status", "header", "body", "chunk", "last-chunk", "only-100"],
)
async def test_a_reply_that_ends_early_is_unavailable(serve: Serve, client: Connect, pieces: list[bytes]) -> None:
    backend = await serve(then_close(*pieces))
    with pytest.raises(BackendUnavailable):
        await client(backend).send(GET)
    assert backend.connections == 1


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\n\r\nthis one has no length"])
async def test_a_reset_is_unavailable(serve: Serve, client: Connect, sent: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(sent)
        peer.reset()

    backend = await serve(script)
    with pytest.raises(BackendUnavailable):
        await client(backend).send(GET)


@pytest.mark.parametrize(
    "reply",
    [
        b"<html>no HTTP at all</html>\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk",
        b"HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_non_http_bytes_are_a_bad_reply(serve: Serve, client: Connect, reply: bytes) -> None:
    backend = await serve(always(reply))
    with pytest.raises(BackendBadReply):
        await client(backend).send(GET)
    await until(lambda: backend.ended == 1)


@pytest.mark.parametrize(
    "flood",
    [
        [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000 + b"Content-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\nX: ", *[b"a" * 10_000] * 20],
        [b"HTTP/1.1 100 Continue\r\n\r\n"] * 5_000,
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ", *[b"a" * 10_000] * 20],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", *[b"a" * 10_000] * 20],
    ],
    ids=["one-header", "many-headers", "endless-header", "many-100", "trailer", "chunk-extension"],
)
async def test_oversized_head_is_refused(serve: Serve, client: Connect, flood: list[bytes]) -> None:
    backend = await serve(always(*flood))
    with pytest.raises(BackendBadReply):
        await client(backend).send(GET)


async def test_a_head_below_the_limit_is_read(serve: Serve, client: Connect) -> None:
    backend = await serve(always(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 60_000 + b"\r\nContent-Length: 0\r\n\r\n"))
    assert len((await client(backend).send(GET)).headers["x"]) == 60_000


@pytest.mark.parametrize("surplus", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"garbage"])
@pytest.mark.parametrize("together", [True, False], ids=["at-once", "later"])
async def test_unrequested_bytes_are_never_a_reply(
    serve: Serve, client: Connect, surplus: bytes, *, together: bool
) -> None:
    backend = await serve(always(OK + surplus) if together else always(OK, surplus))
    calls = client(backend)
    for count in (1, 2, 3):
        assert (await calls.send(GET)).body == b"ok"
        await until(lambda: backend.ended == count)  # noqa: B023  # called in the same iteration


async def test_body_after_head_reply_is_never_a_reply(serve: Serve, client: Connect) -> None:
    backend = await serve(always(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))
    calls = client(backend)
    for _ in range(2):
        assert (await calls.send(Call("HEAD", "/x"))).body == b""
    assert backend.connections == 2


async def _quiet(peer: Peer) -> None:
    await peer.request()
    await peer.gone()


async def _drip(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        await peer.send(b"x")
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("script", [_quiet, _drip])
async def test_call_timeout_covers_the_whole_call(serve: Serve, client: Connect, script: Script) -> None:
    backend = await serve(script)
    start = time.monotonic()
    async with asyncio.timeout(5):
        with pytest.raises(BackendTimeout):
            await client(backend, total=0.1).send(GET)
    assert time.monotonic() - start > 0.09
    await until(lambda: backend.ended == 1)


async def test_connect_timeout_is_separate(client: Connect) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]  # the kernel accepts one or two, the others hang
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            port = full.getsockname()[1]
            with pytest.raises(BackendTimeout):
                await client(f"http://127.0.0.1:{port}", connect=0.05).send(GET)
        finally:
            for filler in fillers:
                filler.close()


async def test_refused_connection_is_unavailable(client: Connect) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(BackendUnavailable):
            await client(f"http://127.0.0.1:{free.getsockname()[1]}").send(GET)


@pytest.mark.parametrize("address", ["http://name.invalid", f"http://{'a' * 64}.example", "", "ftp://127.0.0.1"])
async def test_unresolvable_or_invalid_address_is_unavailable(client: Connect, address: str) -> None:
    with pytest.raises(BackendUnavailable):
        await client(address).send(GET)
