"""FaultProxy: bytes pass unchanged until a fault is injected, and faults begin and end at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from graphfold.testing import Blackhole, Cut, Delay, Drip, Fault, FaultProxy, HalfClose, Refuse, Reset, Stale

pytestmark = pytest.mark.anyio

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def echoing() -> AsyncIterator[str]:
    """Serve a port that echoes all it receives; yield its URL."""
    writers: list[asyncio.StreamWriter] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while received := await reader.read(65536):
                writer.write(received)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base"
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await server.wait_closed()


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    async with echoing() as url, FaultProxy(url) as proxy:
        yield proxy


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[Streams]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def echoed(streams: Streams, text: bytes = b"hello") -> bytes:
    """Send a text; return the reply, which is as long as the text unless the connection ends first."""
    reader, writer = streams
    writer.write(text)
    try:
        return await reader.readexactly(len(text))
    except asyncio.IncompleteReadError as error:
        return error.partial


async def test_proxy_passes_bytes_unchanged(proxy: FaultProxy) -> None:
    assert proxy.url == f"http://127.0.0.1:{proxy.port}/base"
    large = bytes(range(256)) * 4096
    async with connected(proxy) as streams:
        assert await echoed(streams, large) == large
        streams[1].write_eof()
        assert await streams[0].read() == b""
    assert proxy.connections == 1


@pytest.mark.parametrize("fault", [Delay(0.01), Drip(0.001), Drip(0, 3), Cut(5), HalfClose(5)])
async def test_reply_within_the_limits_of_a_fault_is_complete(proxy: FaultProxy, fault: Fault) -> None:
    await proxy.inject(fault)
    async with connected(proxy) as streams:
        assert await echoed(streams) == b"hello"


@pytest.mark.parametrize("fault", [Cut(), HalfClose()])
@pytest.mark.parametrize("after", [0, 3])
async def test_reply_ends_after_the_given_bytes(proxy: FaultProxy, fault: Fault, after: int) -> None:
    await proxy.inject(type(fault)(after))  # type: ignore[call-arg]  # Cut and HalfClose have this argument
    async with connected(proxy) as streams:
        assert await echoed(streams) == b"hello"[:after]
        assert streams[0].at_eof()


async def test_half_closed_connection_still_takes_requests(proxy: FaultProxy) -> None:
    await proxy.inject(HalfClose())
    async with connected(proxy) as streams:
        assert await echoed(streams) == b""
        streams[1].write(b"more")
        await streams[1].drain()
        assert not streams[1].is_closing()


async def test_reset_raises_connection_reset(proxy: FaultProxy) -> None:
    await proxy.inject(Reset(2))
    async with connected(proxy) as streams:
        with pytest.raises(ConnectionResetError):
            await echoed(streams)


async def test_connections_are_refused_until_healed(proxy: FaultProxy) -> None:
    async with connected(proxy) as open_before:
        assert await echoed(open_before) == b"hello"
        await proxy.inject(Refuse())
        with pytest.raises(ConnectionResetError):
            await echoed(open_before)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)
    await proxy.heal()
    async with connected(proxy) as streams:
        assert await echoed(streams) == b"hello"


async def test_bytes_held_by_a_blackhole_pass_when_healed(proxy: FaultProxy) -> None:
    async with connected(proxy) as streams:
        await proxy.inject(Blackhole())
        waiting = asyncio.create_task(echoed(streams))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.shield(waiting)
        await proxy.heal()
        assert await waiting == b"hello"


async def test_drip_ends_when_healed(proxy: FaultProxy) -> None:
    await proxy.inject(Drip(0.01))
    async with connected(proxy) as (reader, writer):
        writer.write(b"x" * 60_000)
        assert await reader.read(1) == b"x"
        await proxy.heal()
        assert len(await reader.readexactly(59_999)) == 59_999


async def test_stale_closes_a_kept_connection_on_its_second_request(proxy: FaultProxy) -> None:
    await proxy.inject(Stale())
    async with connected(proxy) as streams:
        assert await echoed(streams) == b"hello"
        assert await echoed(streams) == b""
    async with connected(proxy) as streams:
        assert await echoed(streams) == b"hello"


async def test_connection_ends_when_the_target_is_down() -> None:
    async with echoing() as url:
        pass
    async with FaultProxy(url) as proxy, connected(proxy) as streams:
        assert await streams[0].read() == b""
