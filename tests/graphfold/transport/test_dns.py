"""Host lookup: a hanging lookup blocks no other host, and an unresponsive address falls back to the next."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import trustme

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.testing.conformance.virtual_time import run_in_virtual_time
from graphfold.transport.call import Call, CallLimits
from graphfold.transport.client import Client
from graphfold.transport.dns import HostResolver
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, Connect, Peer, Serve, always, backend, settled, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")
LAST = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
"""A reply after which the next call needs a new connection."""


class Directory:
    """A fake DNS that records its `lookups`. A lookup of a name in `held` hangs until `release`."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.held: set[str] = set()
        self.lookups: list[str] = []
        self.release = threading.Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.lookups.append(host)
        if host in self.held:
            self.release.wait()
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in self.names[host]]
        addresses = zip(kinds, self.names[host], strict=True)
        return [(kind, socket.SOCK_STREAM, 6, "", (address, 0)) for kind, address in addresses]


async def cancel_all(tasks: list[asyncio.Task[Any]]) -> None:
    """Cancel the calls, after each has begun to wait."""
    await settled()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def start_and_cancel(calls: Client, dns: Directory, count: int) -> None:
    """Start so many calls, and cancel them during their lookup."""
    tasks = [asyncio.create_task(calls.send(GET)) for _ in range(count)]
    await until(lambda: bool(dns.lookups))
    await cancel_all(tasks)


def cancelled_futures() -> int:
    """Count the cancelled futures that something still references, without those of other tests."""
    gc.collect()
    return sum(type(one) is asyncio.Future and one.cancelled() for one in gc.get_objects())


@pytest.fixture
def frozen_heap() -> Iterator[None]:
    """Hide all older objects from the garbage collector, so that it is fast and sees those of the test alone."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Directory]:
    directory = Directory()
    monkeypatch.setattr(socket, "getaddrinfo", directory.getaddrinfo)
    yield directory
    directory.release.set()


async def test_hanging_lookup_does_not_block_other_hosts(
    serve: Serve, client: Connect, network: Network, dns: Directory
) -> None:
    running = await serve(always(OK))
    dns.names, dns.held = {"quick.test": ["127.0.0.1"]}, {"stuck.test"}
    lost = client("http://stuck.test", total=60, connect=60, parallel=50)
    stuck = [asyncio.create_task(lost.send(GET)) for _ in range(50)]
    await until(lambda: bool(dns.lookups))
    assert (await client(f"http://quick.test:{running.port}").send(GET)).body == b"ok"
    async with asyncio.timeout(5):
        assert await asyncio.to_thread(int) == 0
    assert not any(task.done() for task in stuck)
    await cancel_all(stuck)
    assert dns.lookups == ["stuck.test", "quick.test"]
    await network.aclose()
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "stuck.test"] == [True]


def test_lookup_counts_against_connect_timeout(dns: Directory) -> None:
    dns.held = {"stuck.test"}

    async def ask() -> float:
        calls = Client("http://stuck.test", Network(), CallLimits(total=60, connect=3), lambda _: Session())
        began = asyncio.get_running_loop().time()
        with pytest.raises(BackendTimeout):
            await calls.send(GET)
        return asyncio.get_running_loop().time() - began

    assert 3 <= run_in_virtual_time(ask) < 60


@pytest.mark.usefixtures("frozen_heap")
async def test_cancelled_callers_leave_no_callbacks_on_hanging_lookup(client: Connect, dns: Directory) -> None:
    dns.held = {"stuck.test"}
    calls = client("http://stuck.test")
    for _ in range(3):
        await start_and_cancel(calls, dns, 10)
    await settled()
    assert cancelled_futures() == 0
    assert dns.lookups == ["stuck.test"]


def test_hanging_lookup_of_another_loop_is_not_joined(dns: Directory) -> None:
    dns.names, dns.held, name = {"slow.test": ["127.0.0.1"]}, {"slow.test"}, HostResolver("slow.test")

    async def cancelled_lookup() -> None:
        lookup = asyncio.create_task(name.addresses())
        await until(lambda: bool(dns.lookups))
        await cancel_all([lookup])

    asyncio.run(cancelled_lookup())
    dns.held.clear()
    assert asyncio.run(asyncio.wait_for(name.addresses(), 5)) == ["127.0.0.1"]


def test_alternating_loops_look_up_once_each(dns: Directory) -> None:
    dns.names, name = {"one.test": ["127.0.0.1"]}, HostResolver("one.test")
    with asyncio.Runner() as one, asyncio.Runner() as other:
        for runner in (one, other) * 3:
            assert runner.run(name.addresses()) == ["127.0.0.1"]
    assert dns.lookups == ["one.test"] * 2


@pytest.mark.usefixtures("frozen_heap")
async def test_lookup_failure_without_waiters_is_not_logged(serve: Serve, client: Connect, dns: Directory) -> None:
    running, reported = await serve(always(OK)), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    dns.held = {"lost.test"}
    calls = client(f"http://lost.test:{running.port}")
    await start_and_cancel(calls, dns, 1)
    dns.release.set()
    await until(lambda: not any(thread.name == "lost.test" for thread in threading.enumerate()))
    await settled()
    dns.names = {"lost.test": ["127.0.0.1"]}
    assert (await calls.send(GET)).body == b"ok"
    gc.collect()
    assert reported == []


async def test_cancelled_caller_leaves_lookup_to_others(serve: Serve, client: Connect, dns: Directory) -> None:
    running = await serve(always(OK))
    dns.names, dns.held = {"slow.test": ["127.0.0.1"]}, {"slow.test"}
    calls = client(f"http://slow.test:{running.port}")
    leaving, staying = (asyncio.create_task(calls.send(GET)) for _ in range(2))
    await until(lambda: bool(dns.lookups))
    await cancel_all([leaving])
    dns.release.set()
    assert (await staying).body == b"ok"
    assert dns.lookups == ["slow.test"]


def test_lookup_result_is_reused_for_some_seconds(dns: Directory) -> None:
    dns.names = {"moving.test": ["127.0.0.1"]}

    async def ask() -> list[int]:
        network, counts = Network(), []
        async with backend(always(LAST)) as running:
            for seconds in (0, 4, 2, 4):
                await asyncio.sleep(seconds)
                request = httpx.Request("GET", f"http://moving.test:{running.port}")
                await (await network.handle_async_request(request)).aread()
                counts.append(len(dns.lookups))
        await network.aclose()
        return counts

    assert run_in_virtual_time(ask) == [1, 1, 2, 2]


async def test_failed_lookup_is_not_cached(serve: Serve, client: Connect, dns: Directory) -> None:
    running = await serve(always(OK))
    calls = client(f"http://new.test:{running.port}")
    with pytest.raises(BackendUnavailable):
        await calls.send(GET)
    dns.names = {"new.test": ["127.0.0.1"]}
    assert (await calls.send(GET)).body == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_literal_addresses_need_no_lookup(serve: Serve, client: Connect, dns: Directory, host: str) -> None:
    running = await serve(always(OK))
    assert (await client(f"http://{host}:{running.port}").send(GET)).body == b"ok"
    assert dns.lookups == []


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_unresponsive_address_falls_back_to_the_next(dns: Directory) -> None:
    authority, trusted, ours = trustme.CA(), ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trusted)
    authority.issue_cert("two.test").configure_cert(ours)
    dns.names = {"two.test": ["127.0.0.1", "127.0.0.1", "::1"]}
    network = Network(tls=lambda: trusted)
    async with (
        backend(Peer.gone) as silent,
        backend(always(OK), tls=ours, host="::1", port=silent.port) as good,
    ):
        client = Client(f"https://two.test:{good.port}", network, CallLimits(), lambda _: Session())
        assert (await client.send(GET)).body == b"ok"
        await until(lambda: silent.ended == silent.connections == 1)
        await network.aclose()


async def test_refused_address_falls_back_at_once(client: Connect, dns: Directory) -> None:
    dns.names = {"two.test": ["::1", "127.0.0.1"]}
    async with backend(always(OK)) as running:
        # The timeout is shorter than the delay before the next address of an unresponsive one is tried.
        # A busy machine may exceed it once, but not three times.
        impatient = client(f"http://two.test:{running.port}", connect=0.2)
        assert any([await _answers(impatient) for _ in range(3)])
    with pytest.raises(BackendUnavailable):
        await client(f"http://two.test:{running.port}").send(GET)


async def _answers(calls: Client) -> bool:
    try:
        return (await calls.send(GET)).body == b"ok"
    except BackendTimeout:
        return False
