"""Names and the addresses they stand for: who is not found holds up nobody else, and an address may lead nowhere."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import trustme

from graphfold.errors import BackendTimeout, BackendUnavailable
from graphfold.testing.conformance.clock import SkippingLoop
from graphfold.transport.call import Call
from graphfold.transport.client import CallLimits, Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, Connect, Peer, Serve, always, backend, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")
LAST = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
"""An answer after which the next call needs a new connection."""


class Directory:
    """What DNS knows, and what it was `asked`. Who asks for a name of `held` waits for `release`."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.held: set[str] = set()
        self.asked: list[str] = []
        self.release = threading.Event()

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        if host in self.held:
            self.release.wait()
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        kinds = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in self.names[host]]
        addresses = zip(kinds, self.names[host], strict=True)
        return [(kind, socket.SOCK_STREAM, 6, "", (address, 0)) for kind, address in addresses]


@pytest.fixture
def dns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Directory]:
    directory = Directory()
    monkeypatch.setattr(socket, "getaddrinfo", directory.getaddrinfo)
    yield directory
    directory.release.set()


async def test_a_name_that_is_not_found_out_holds_up_nobody_else(
    serve: Serve, client: Connect, network: Network, dns: Directory
) -> None:
    it = await serve(always(OK))
    dns.names, dns.held = {"quick.test": ["127.0.0.1"]}, {"stuck.test"}
    lost = client("http://stuck.test", connect=0.2, parallel=50)
    stuck = [asyncio.create_task(lost.send(GET)) for _ in range(50)]
    await until(lambda: bool(dns.asked))
    assert (await client(f"http://quick.test:{it.port}").send(GET)).body == b"ok"
    async with asyncio.timeout(5):
        assert await asyncio.to_thread(int) == 0
    failures = await asyncio.gather(*stuck, return_exceptions=True)
    assert {type(failure) for failure in failures} == {BackendTimeout}
    assert dns.asked == ["stuck.test", "quick.test"]
    await network.aclose()
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "stuck.test"] == [True]


async def test_who_gives_up_leaves_the_lookup_to_the_others(serve: Serve, client: Connect, dns: Directory) -> None:
    it = await serve(always(OK))
    dns.names, dns.held = {"slow.test": ["127.0.0.1"]}, {"slow.test"}
    calls = client(f"http://slow.test:{it.port}")
    leaving, staying = (asyncio.create_task(calls.send(GET)) for _ in range(2))
    await until(lambda: bool(dns.asked))
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    dns.release.set()
    assert (await staying).body == b"ok"
    assert dns.asked == ["slow.test"]


def test_an_answer_is_good_for_some_seconds(dns: Directory) -> None:
    dns.names = {"moving.test": ["127.0.0.1"]}

    async def ask(loop: SkippingLoop) -> list[int]:
        network, asked = Network(), []
        async with backend(always(LAST)) as it:
            for seconds in (0, 4, 2, 4):
                loop._selector_of_ours.skipped += seconds
                request = httpx.Request("GET", f"http://moving.test:{it.port}")
                await (await network.handle_async_request(request)).aread()
                asked.append(len(dns.asked))
        await network.aclose()
        return asked

    loop = SkippingLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        assert runner.run(ask(loop)) == [1, 1, 2, 2]


async def test_a_name_that_was_not_there_is_asked_for_again(serve: Serve, client: Connect, dns: Directory) -> None:
    it = await serve(always(OK))
    calls = client(f"http://new.test:{it.port}")
    with pytest.raises(BackendUnavailable):
        await calls.send(GET)
    dns.names = {"new.test": ["127.0.0.1"]}
    assert (await calls.send(GET)).body == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_what_needs_no_lookup_gets_none(serve: Serve, client: Connect, dns: Directory, host: str) -> None:
    it = await serve(always(OK))
    assert (await client(f"http://{host}:{it.port}").send(GET)).body == b"ok"
    assert dns.asked == []


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_an_address_that_leads_nowhere_is_not_the_only_one(dns: Directory) -> None:
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


async def test_an_address_that_refuses_costs_no_time(client: Connect, dns: Directory) -> None:
    dns.names = {"two.test": ["::1", "127.0.0.1"]}
    async with backend(always(OK)) as it:
        assert (await client(f"http://two.test:{it.port}", connect=0.2).send(GET)).body == b"ok"
    with pytest.raises(BackendUnavailable):
        await client(f"http://two.test:{it.port}").send(GET)
