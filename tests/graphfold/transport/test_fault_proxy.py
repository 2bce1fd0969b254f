"""Network faults, one by one: a typed error within the call's timeout, no second sending of an unsafe call, and a good
reply as soon as the fault is over.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from graphfold.errors import BackendBadReply, BackendError, BackendTimeout, BackendUnavailable
from graphfold.testing import Blackhole, Cut, Delay, Drip, Fault, FaultProxy, HalfClose, Refuse, Reset, Stale
from graphfold.transport.call import Call
from graphfold.transport.client import Client
from tests.graphfold.transport.peer import OK, Backend, Connect, Peer, Script, Serve, always, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")
POST = Call("POST", "/x", body=b"{}")
LARGE_POST = Call("POST", "/x", body=b"x" * 20_000_000)
"""A body larger than all buffers on the way to a backend that does not read."""

SHORT = 0.2
"""The timeout of calls that must time out; the others get the time that a slow machine may need."""

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"


@dataclass
class Proxied:
    """Two clients over the same connections and their backend, with a proxy in between."""

    client: Client
    impatient: Client
    proxy: FaultProxy
    backend: Backend


async def _healthy(peer: Peer) -> None:
    await always(OK)(peer)


@pytest.fixture
async def proxied(serve: Serve, client: Connect) -> AsyncIterator[Proxied]:
    backend = await serve(_healthy)
    async with FaultProxy(backend.url) as proxy:
        yield Proxied(client(proxy.url), client(proxy.url, total=SHORT), proxy, backend)


async def assert_fails(client: Client, call: Call, error: type[BackendError]) -> None:
    """Check that the call fails with this error, within five seconds."""
    async with asyncio.timeout(5):
        with pytest.raises(error) as raised:
            await client.send(call)
    assert raised.value.code == error.code


FAULTS = [
    (Refuse(), BackendUnavailable),
    (Reset(), BackendUnavailable),
    (Reset(25), BackendUnavailable),
    (Cut(), BackendUnavailable),
    (Cut(25), BackendUnavailable),
    (Cut(len(OK) - 1), BackendUnavailable),
    (HalfClose(), BackendUnavailable),
    (HalfClose(25), BackendUnavailable),
    (Blackhole(), BackendTimeout),
    (Delay(60), BackendTimeout),
    (Drip(0.05), BackendTimeout),
]


@pytest.mark.parametrize("reused", [False, True], ids=["new", "reused"])
@pytest.mark.parametrize("call", [GET, POST], ids=["read", "write"])
@pytest.mark.parametrize(("fault", "error"), FAULTS, ids=repr)
async def test_fault_raises_typed_error_and_recovers(
    proxied: Proxied, fault: Fault, error: type[BackendError], call: Call, *, reused: bool
) -> None:
    if reused:
        await proxied.client.send(GET)
    before = len(proxied.backend.requests)
    await proxied.proxy.inject(fault)
    client = proxied.impatient if error is BackendTimeout else proxied.client
    await assert_fails(client, call, error)
    if call is POST:
        assert len(proxied.backend.requests) - before <= 1
    await proxied.proxy.heal()
    assert (await proxied.client.send(GET)).body == b"ok"


async def test_read_on_stale_connection_is_resent(proxied: Proxied) -> None:
    await proxied.proxy.inject(Stale())
    for _ in range(3):
        assert (await proxied.client.send(GET)).body == b"ok"
    assert len(proxied.backend.requests) == 3


async def test_write_on_stale_connection_fails_unsent_twice(proxied: Proxied) -> None:
    await proxied.proxy.inject(Stale())
    await proxied.client.send(POST)
    await assert_fails(proxied.client, POST, BackendUnavailable)
    assert len(proxied.backend.requests) == 1


async def test_backend_that_does_not_read_times_out(proxied: Proxied) -> None:
    await proxied.proxy.inject(Blackhole())
    await assert_fails(proxied.impatient, LARGE_POST, BackendTimeout)


async def test_slow_reply_within_timeout_succeeds(proxied: Proxied) -> None:
    await proxied.proxy.inject(Delay(0.02))
    assert (await proxied.client.send(GET)).body == b"ok"


def _never_ends() -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        while True:
            await peer.send(b"1\r\nx\r\n")

    return script


def _once(*pieces: bytes) -> Script:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)
        peer.close()

    return script


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (_never_ends(), BackendTimeout),
        (_once(LENGTH, b"short"), BackendUnavailable),
        (_once(LENGTH, b"0123456789 and more"), None),
        (_once(CHUNKED, b"5\r\nhe"), BackendUnavailable),
        (_once(CHUNKED, b"zz\r\nhello\r\n0\r\n\r\n"), BackendBadReply),
        (_once(CHUNKED, b"2\r\nhello\r\n0\r\n\r\n"), BackendBadReply),
        (_once(b"\x15\x03\x03\x00\x02\x02\x28"), BackendBadReply),
    ],
    ids=["never-ends", "too-short", "too-long", "half-chunk", "no-size", "wrong-size", "tls-alert"],
)
async def test_invalid_http_is_a_bad_reply(
    serve: Serve, client: Connect, script: Script, error: type[BackendError] | None
) -> None:
    backend = await serve(script)
    async with FaultProxy(backend.url) as proxy:
        calls = client(proxy.url, total=SHORT if error is BackendTimeout else 5)
        if error is None:
            assert (await calls.send(GET)).body == b"0123456789"
        else:
            await assert_fails(calls, GET, error)
        await until(lambda: backend.ended == 1)
