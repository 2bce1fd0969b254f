"""Reuse of connections, and when it must not happen."""

from __future__ import annotations

import asyncio
import random

import pytest

from graphfold.errors import BackendUnavailable
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, Connect, Peer, Script, Serve, always, settled, until

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")
POST = Call("POST", "/x", body=b"{}")
SAFE_POST = Call("POST", "/x", body=b"{}", safe=True)
PUT = Call("PUT", "/x", body=b"{}")


async def test_sequential_calls_share_one_connection(serve: Serve, client: Connect) -> None:
    backend = await serve(always(OK))
    calls = client(backend)
    for call in [GET, POST, PUT, GET]:
        assert (await calls.send(call)).body == b"ok"
    assert (backend.connections, len(backend.requests)) == (1, 4)


async def test_connections_match_concurrent_calls(serve: Serve, client: Connect) -> None:
    backend = await serve(always(OK))
    calls = client(backend, parallel=3)
    replies = await asyncio.gather(*(calls.send(GET) for _ in range(30)))
    assert [reply.body for reply in replies] == [b"ok"] * 30
    assert backend.connections == 3


async def test_replies_match_their_calls(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        while True:
            path = (await peer.request()).split()[1]
            await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path))

    calls = client(await serve(script))
    paths = [f"/{number}" for number in range(100)]
    replies = await asyncio.gather(*(calls.send(Call("GET", path)) for path in paths))
    assert [reply.body.decode() for reply in replies] == paths


def _dies_when_used_again(how: str, *, also_new: bool = False) -> Script:
    """Return a script whose first connection answers once and ends at its second request, without a byte."""

    async def script(peer: Peer) -> None:
        if not (also_new and peer.number > 0):
            await peer.request()
            await peer.send(OK)
        while peer.number > 0 and not also_new:
            await peer.request()
            await peer.send(OK)
        await peer.request()
        getattr(peer, how)()

    return script


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("call", [GET, Call("HEAD", "/x"), SAFE_POST])
async def test_safe_call_is_resent_on_stale_connection(serve: Serve, client: Connect, how: str, call: Call) -> None:
    backend = await serve(_dies_when_used_again(how))
    calls = client(backend)
    await calls.send(GET)
    assert (await calls.send(call)).status == 200
    assert (backend.connections, len(backend.requests)) == (2, 3)


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("call", [POST, PUT, Call("DELETE", "/x")])
async def test_unsafe_call_is_sent_once(serve: Serve, client: Connect, how: str, call: Call) -> None:
    backend = await serve(_dies_when_used_again(how))
    calls = client(backend)
    await calls.send(GET)
    with pytest.raises(BackendUnavailable):
        await calls.send(call)
    assert len(backend.requests) == 2


async def test_stale_connection_is_retried_only_once(serve: Serve, client: Connect) -> None:
    backend = await serve(_dies_when_used_again("close", also_new=True))
    calls = client(backend)
    await calls.send(GET)
    with pytest.raises(BackendUnavailable):
        await calls.send(GET)
    assert (backend.connections, len(backend.requests)) == (2, 3)


async def test_partial_reply_is_not_retried(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        await peer.request()
        await peer.send(b"H")
        peer.close()

    backend = await serve(script)
    calls = client(backend)
    await calls.send(GET)
    with pytest.raises(BackendUnavailable):
        await calls.send(GET)
    assert len(backend.requests) == 2


async def test_connection_closed_by_backend_is_not_reused(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK)
        peer.close()

    backend = await serve(script)
    calls = client(backend)
    for count in (1, 2):
        assert (await calls.send(POST)).body == b"ok"
        await until(lambda: backend.ended == count)  # noqa: B023  # called in the same iteration
        await settled()


async def test_cancelled_call_closes_its_connection(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        if peer.number == 0:
            await peer.gone()
        await peer.send(OK)

    backend = await serve(script)
    calls = client(backend)
    lost = asyncio.create_task(calls.send(GET))
    await until(lambda: len(backend.requests) == 1)
    lost.cancel()
    with pytest.raises(asyncio.CancelledError):
        await lost
    assert (await calls.send(GET)).body == b"ok"
    assert backend.connections == 2
    await until(lambda: backend.ended >= 1)


async def test_cancellation_after_reply_harms_no_other_call(serve: Serve, client: Connect) -> None:
    backend = await serve(always(OK))
    calls = client(backend, parallel=1)
    for turns in range(40):
        lost = asyncio.create_task(calls.send(GET))
        for _ in range(turns % 8):
            await asyncio.sleep(0)
        lost.cancel()
        replies = await asyncio.gather(lost, calls.send(GET), return_exceptions=True)
        assert getattr(replies[1], "body", replies[1]) == b"ok"


async def test_replies_match_calls_despite_failures_of_others(serve: Serve, client: Connect) -> None:
    chance = random.Random(7)  # seeded, so that each run is the same

    async def script(peer: Peer) -> None:
        while True:
            path = (await peer.request()).split()[1]
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(path), path)
            fault = chance.randrange(12)
            surplus = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" if fault == 3 else b""
            await peer.send(reply[: chance.randrange(len(reply))] if fault < 3 else reply + surplus)
            if fault < 5:
                peer.close()

    async def one(number: int) -> bool:
        path = f"/{number}"
        task = asyncio.ensure_future(calls.send(Call("GET", path)))
        for _ in range(chance.randrange(12)):
            await asyncio.sleep(0)
        if chance.randrange(3) == 0:
            task.cancel()
        (answer,) = await asyncio.gather(task, return_exceptions=True)
        if isinstance(answer, Reply):
            assert answer.body.decode() == path
            return True
        assert isinstance(answer, BackendUnavailable | asyncio.CancelledError)
        return False

    calls = client(await serve(script), parallel=5)
    answered = await asyncio.gather(*map(one, range(400)))
    assert 100 < sum(answered) < 400


async def test_idle_connections_expire(serve: Serve) -> None:
    backend = await serve(always(OK))
    network = Network(keepalive_expiry=0.5)
    calls = Client(backend.url, network, CallLimits(), lambda _: Session())
    await asyncio.gather(calls.send(GET), calls.send(GET))
    assert backend.ended == 0
    await until(lambda: backend.ended == 2)
    assert (await calls.send(GET)).body == b"ok"
    await network.aclose()


async def test_close_fails_calls_in_flight(serve: Serve, network: Network, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        while (await peer.request()).startswith(b"GET"):
            await peer.send(OK)
        await peer.gone()

    backend = await serve(script)
    calls = client(backend)
    await asyncio.gather(*(calls.send(GET) for _ in range(3)))
    held = [asyncio.create_task(calls.send(POST)) for _ in range(2)]
    await until(lambda: len(backend.requests) == 5)
    await network.aclose()
    assert [type(error) for error in await asyncio.gather(*held, return_exceptions=True)] == [BackendUnavailable] * 2
    await until(lambda: backend.ended == 3)


async def test_close_without_calls_and_twice(network: Network) -> None:
    await network.aclose()
    await network.aclose()
