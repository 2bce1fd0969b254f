"""TLS and address families: certificates are verified for the host name."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator

import pytest
import trustme

from graphfold.errors import BackendBadReply, BackendTimeout, BackendUnavailable
from graphfold.transport.call import Call, CallLimits
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, Backend, Connect, Peer, Serve, always, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def certificate(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


@pytest.fixture
async def trusting(authority: trustme.CA) -> AsyncIterator[Network]:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    network = Network(tls=lambda: context)
    yield network
    await network.aclose()


def to(backend: Backend, network: Network, host: str | None = None) -> Client:
    return Client(backend.url.replace(backend.host, host or backend.host), network, CallLimits(), lambda _: Session())


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_calls_over_tls(serve: Serve, trusting: Network, authority: trustme.CA, host: str) -> None:
    backend = await serve(always(OK), tls=certificate(authority, host))
    client = to(backend, trusting, host)
    for _ in range(2):
        assert (await client.send(GET)).body == b"ok"
    assert backend.connections == 1


async def test_certificate_for_another_host_is_refused(serve: Serve, trusting: Network, authority: trustme.CA) -> None:
    backend = await serve(always(OK), tls=certificate(authority, "other.example"))
    with pytest.raises(BackendUnavailable):
        await to(backend, trusting, "localhost").send(GET)
    assert not backend.requests


async def test_an_unknown_authority_is_refused(serve: Serve, network: Network, authority: trustme.CA) -> None:
    backend = await serve(always(OK), tls=certificate(authority, "localhost"))
    with pytest.raises(BackendUnavailable):
        await to(backend, network, "localhost").send(GET)
    assert not backend.requests


async def test_tls_to_plain_http_backend_is_unavailable(serve: Serve, trusting: Network) -> None:
    async def script(peer: Peer) -> None:
        await peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    backend = await serve(script)
    backend.scheme = "https"
    with pytest.raises(BackendUnavailable):
        await to(backend, trusting).send(GET)


async def test_truncated_tls_reply_is_unavailable(serve: Serve, trusting: Network, authority: trustme.CA) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")

    backend = await serve(script, tls=certificate(authority, "localhost"))
    with pytest.raises(BackendUnavailable):
        await to(backend, trusting, "localhost").send(GET)


async def test_non_http_over_tls_is_a_bad_reply(serve: Serve, trusting: Network, authority: trustme.CA) -> None:
    backend = await serve(always(b"what?\r\n" * 10_000), tls=certificate(authority, "localhost"))
    with pytest.raises(BackendBadReply):
        await to(backend, trusting, "localhost").send(GET)
    await until(lambda: backend.ended == 1)


async def test_handshake_counts_against_connect_timeout(serve: Serve, trusting: Network) -> None:
    async def script(peer: Peer) -> None:
        await peer.gone()

    backend = await serve(script)
    backend.scheme = "https"
    client = Client(backend.url, trusting, CallLimits(connect=0.05), lambda _: Session())
    with pytest.raises(BackendTimeout):
        await client.send(GET)
    await until(lambda: backend.ended == 1)


async def test_host_with_one_working_address_family(serve: Serve, network: Network) -> None:
    backend = await serve(always(OK))
    assert (await to(backend, network, "localhost").send(GET)).body == b"ok"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_ipv6_address(serve: Serve, client: Connect) -> None:
    try:
        backend = await serve(always(OK), host="::1")
    except OSError:
        pytest.skip("no IPv6 loopback here")
    assert (await client(backend).send(GET)).body == b"ok"
    assert f"host: [::1]:{backend.port}".encode() in backend.requests[0]
