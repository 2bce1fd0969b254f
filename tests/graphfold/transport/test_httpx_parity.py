"""For random replies in random pieces, the network and httpx's own transport return the same."""

from __future__ import annotations

import asyncio
import gzip
import string
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import Peer, backend

_NAMES = st.text(string.ascii_letters + string.digits + "-_.!~", min_size=1, max_size=12).map(lambda name: f"x{name}")
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=6)
_SPACE = st.sampled_from(["", " ", "\t", "  "])


@st.composite
def bodies(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """Draw an encoded body, and the headers that describe it."""
    body, lines = draw(st.binary(max_size=300)), []
    if draw(st.booleans()):
        body, lines = gzip.compress(body), ["Content-Encoding: gzip"]
    framing = draw(st.sampled_from(["length", "chunked", "close"]))
    if framing == "length":
        return [*lines, f"Content-Length: {len(body)}"], body
    if framing == "close":
        return lines, body
    cuts = sorted({0, len(body), *draw(st.lists(st.integers(0, len(body)), max_size=5))})
    extension = draw(st.sampled_from(["", ";a=b", ';a="b"']))
    chunks = [b"%x%s\r\n%s\r\n" % (end - start, extension.encode(), body[start:end]) for start, end in pairwise(cuts)]
    return [*lines, "Transfer-Encoding: chunked"], b"".join(chunks) + b"0\r\n\r\n"


@st.composite
def answers(draw: st.DrawFn) -> list[bytes]:
    """Draw a whole reply, in pieces."""
    lines, body = draw(bodies())
    more = [f"{name}:{draw(_SPACE)}{value.strip()}{draw(_SPACE)}" for name, value in draw(_HEADERS)]
    status = draw(st.sampled_from([200, 201, 301, 400, 401, 404, 429, 500, 503, 599]))
    early = draw(st.sampled_from(["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"]))
    head = "\r\n".join([f"HTTP/1.1 {status} {draw(st.sampled_from(['', 'OK', 'Not so well']))}", *more, *lines, "", ""])
    answer = (early + head).encode() + body
    cuts = sorted({0, len(answer), *draw(st.lists(st.integers(0, len(answer)), max_size=8))})
    return [answer[start:end] for start, end in pairwise(cuts)]


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all examples."""
    with asyncio.Runner() as runner:
        yield runner


@given(pieces=answers(), method=st.sampled_from(["GET", "POST"]))
@settings(max_examples=120, deadline=None)
def test_network_and_httpx_return_equal_replies(runner: asyncio.Runner, pieces: list[bytes], method: str) -> None:
    ours, theirs = runner.run(_both(pieces, Call(method, "/x")))
    assert (ours.status, ours.headers, ours.body) == (theirs.status, theirs.headers, theirs.body)


async def _both(pieces: list[bytes], call: Call) -> list[Reply]:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(*pieces)

    async with backend(script) as running:
        transports = [Network(), httpx.AsyncHTTPTransport(verify=False, trust_env=False)]  # no TLS here
        replies = []
        for transport in transports:
            client = Client(running.url, transport, CallLimits(), lambda _: Session())
            replies.append(await client.send(call))
            await transport.aclose()
        return replies
