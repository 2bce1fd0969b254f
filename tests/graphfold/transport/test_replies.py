"""Valid replies: every framing, statuses without a body, compression, arbitrary pieces."""

from __future__ import annotations

import gzip
import zlib

import pytest

from graphfold.errors import BackendBadReply
from graphfold.transport.call import Call
from tests.graphfold.transport.peer import OK, Connect, Peer, Serve, always

pytestmark = pytest.mark.anyio

GET = Call("GET", "/x")


def answer(body: bytes, *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


async def test_reply_has_status_headers_and_body(serve: Serve, client: Connect) -> None:
    backend = await serve(always(b"HTTP/1.1 418 Short and stout\r\nX-Tea: yes\r\nContent-Length: 3\r\n\r\npot"))
    reply = await client(backend).send(GET)
    assert (reply.status, dict(reply.headers), reply.body) == (418, {"x-tea": "yes", "content-length": "3"}, b"pot")


@pytest.mark.parametrize(
    ("pieces", "body"),
    [
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;a=b\r\nllo\r\n0\r\n\r\n"], b"hello"),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nX-Late: 1\r\n\r\n"], b""),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], b""),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"], b""),
        ([b"HTTP/1.1 100 Continue\r\nX-Not: me\r\n\r\n", OK], b"ok"),
        ([b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK], b"ok"),
        ([bytes([byte]) for byte in OK], b"ok"),
        ([answer(b"ok", "Upgrade: h2,h2c", "Connection: Upgrade")], b"ok"),
        ([b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"], b"ok"),
    ],
    ids=["chunked", "no-chunk", "empty", "204", "304", "100", "103-and-100", "byte-by-byte", "offers-h2c", "no-phrase"],
)
async def test_framings_that_keep_the_connection(
    serve: Serve, client: Connect, pieces: list[bytes], body: bytes
) -> None:
    backend = await serve(always(*pieces))
    calls = client(backend)
    for _ in range(3):
        reply = await calls.send(GET)
        assert reply.body == body
        assert "x-not" not in reply.headers and "x-late" not in reply.headers
    assert backend.connections == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 13\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\nContent-Length: 13\r\n\r\nuntil the end",
    ],
    ids=["1.1", "1.0", "close", "1.0-length"],
)
async def test_framings_that_end_the_connection(serve: Serve, client: Connect, reply: bytes) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply)
        peer.close()

    backend = await serve(script)
    calls = client(backend)
    for _ in range(2):
        assert (await calls.send(GET)).body == b"until the end"
    assert backend.connections == 2


async def test_connection_close_header_closes_our_side(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
        await peer.gone()

    backend = await serve(script)
    calls = client(backend)
    for _ in range(2):
        assert (await calls.send(GET)).body == b"ok"
    assert backend.connections == 2


async def test_head_reply_has_no_body(serve: Serve, client: Connect) -> None:
    backend = await serve(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Encoding: gzip\r\n\r\n"))
    calls = client(backend)
    for _ in range(2):
        reply = await calls.send(Call("HEAD", "/x"))
        assert (reply.headers["content-length"], reply.body) == ("5000", b"")
    assert backend.connections == 1


async def test_repeated_headers_are_joined_and_latin1_is_decoded(serve: Serve, client: Connect) -> None:
    lines = ["Vary: a", "VARY: b", "X-Empty:", "X-Space: \t a b \t", "X-Latin: \xe9", "X-Utf: \xc3\xa9"]
    backend = await serve(always(answer(b"", *lines)))
    headers = (await client(backend).send(GET)).headers
    assert headers == {
        "vary": "a, b", "x-empty": "", "x-space": "a b", "x-latin": "é", "x-utf": "é", "content-length": "0"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"text" * 1000)),
        ("GZIP ", gzip.compress(b"text" * 1000)),
        ("x-gzip", gzip.compress(b"text" * 1000)),
        ("deflate", zlib.compress(b"text" * 1000)),
        ("identity", b"text" * 1000),
    ],
    ids=["gzip", "capitals", "x-gzip", "deflate", "identity"],
)
async def test_compression(serve: Serve, client: Connect, encoding: str, packed: bytes) -> None:
    backend = await serve(always(answer(packed, f"Content-Encoding: {encoding}")))
    assert (await client(backend).send(GET)).body == b"text" * 1000


async def test_empty_body_labelled_gzip_is_accepted(serve: Serve, client: Connect) -> None:
    backend = await serve(always(answer(b"", "Content-Encoding: gzip")))
    assert (await client(backend).send(GET)).body == b""


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"text" * 1000)[:-3]),
        ("gzip", b"this is not gzip"),
        ("br", b"whatever"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"text"))),
        ("gzip", gzip.compress(b"1") + gzip.compress(b"2")),
        ("deflate", zlib.compress(b"1") + b"2"),
    ],
    ids=["short", "lie", "unrequested", "twice", "two", "surplus"],
)
async def test_undecodable_body_is_a_bad_reply(serve: Serve, client: Connect, encoding: str, packed: bytes) -> None:
    backend = await serve(always(answer(packed, f"Content-Encoding: {encoding}")))
    with pytest.raises(BackendBadReply):
        await client(backend).send(GET)


async def test_second_gzip_member_is_refused(serve: Serve, client: Connect) -> None:
    one, two = gzip.compress(b"1"), gzip.compress(b"2")
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(one + two)
    backend = await serve(always(head + one, two))
    with pytest.raises(BackendBadReply):
        await client(backend).send(GET)


async def test_body_limit_is_inclusive(serve: Serve, client: Connect) -> None:
    backend = await serve(always(answer(b"x" * 1000)))
    assert len((await client(backend, reply=1000).send(GET)).body) == 1000
    with pytest.raises(BackendBadReply, match="too large"):
        await client(backend, reply=999).send(GET)


async def test_gzip_bomb_is_cut_while_decompressing(serve: Serve, client: Connect) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    backend = await serve(always(answer(bomb, "Content-Encoding: gzip")))
    with pytest.raises(BackendBadReply, match="too large"):
        await client(backend, reply=100_000).send(GET)


async def test_an_endless_body_is_cut(serve: Serve, client: Connect) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await peer.send(b"x" * 10_000)

    backend = await serve(script)
    with pytest.raises(BackendBadReply, match="too large"):
        await client(backend, reply=100_000).send(GET)


async def test_a_large_body_arrives_whole(serve: Serve, client: Connect) -> None:
    body = bytes(range(256)) * 12_000
    backend = await serve(always(answer(body)))
    assert (await client(backend).send(GET)).body == body
