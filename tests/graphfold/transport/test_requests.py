"""Requests byte for byte; no value can change their structure."""

from __future__ import annotations

from dataclasses import fields

import httpx
import pytest

from graphfold.errors import InvalidInput
from graphfold.transport.call import Call, CallLimits, Reply
from graphfold.transport.client import Client
from graphfold.transport.network import Network
from graphfold.transport.session import Session
from tests.graphfold.transport.peer import OK, Connect, Serve, always

pytestmark = pytest.mark.anyio


class _SignedIn(Session):
    def signed(self, call: Call) -> Call:
        return call.adding({"authorization": "Bearer t"})


def test_repr_of_call_and_reply_shows_no_data() -> None:
    headers = {"x-key": "hunter2"}
    call = Call("POST", "/p", "key=hunter2", headers, b"hunter2", caller=headers)
    reply = Reply(200, {"set-cookie": "hunter2"}, b"hunter2")
    assert repr(call) == "Call(method='POST', path='/p', safe=False, scope='')"
    assert repr(reply) == "Reply(status=200)"


def test_adding_headers_keeps_all_other_fields() -> None:
    """A new field of Call has to be copied there, too."""
    call = Call("POST", "/p", "q=1", {"a": "1"}, b"body", True, "read", {"b": "2"}, str.encode)
    signed = call.adding({"c": "3"})
    assert signed.headers == {"a": "1", "c": "3"} and call.headers == {"a": "1"}
    assert {f.name for f in fields(Call) if getattr(signed, f.name) != getattr(call, f.name)} == {"headers"}
    assert len(fields(Call)) == 9


async def test_get_request_bytes(serve: Serve, network: Network) -> None:
    backend = await serve(always(OK))
    client = Client(f"{backend.url}/crm/", network, CallLimits(), lambda _: _SignedIn())
    await client.send(Call("GET", "/v2/customers", "ids=1,2", {"accept": "application/json"}))
    assert backend.requests == [
        f"GET /crm/v2/customers?ids=1,2 HTTP/1.1\r\nhost: 127.0.0.1:{backend.port}\r\naccept-encoding: gzip\r\n"
        "user-agent: graphfold\r\naccept: application/json\r\nauthorization: Bearer t\r\n\r\n".encode()
    ]


@pytest.mark.parametrize(
    ("call", "line", "end"),
    [
        (Call("GET", ""), b"GET / HTTP/1.1", b"\r\n\r\n"),
        (Call("GET", "", "wsdl"), b"GET /?wsdl HTTP/1.1", b"\r\n\r\n"),
        (Call("POST", "/p"), b"POST /p HTTP/1.1", b"content-length: 0\r\n\r\n"),
        (Call("POST", "/p", body=b"\r\n\0"), b"POST /p HTTP/1.1", b"content-length: 3\r\n\r\n\r\n\0"),
        (Call("DELETE", "/p"), b"DELETE /p HTTP/1.1", b"graphfold\r\n\r\n"),
        (Call("DELETE", "/p", body=b"x"), b"DELETE /p HTTP/1.1", b"content-length: 1\r\n\r\nx"),
    ],
)
async def test_methods_and_bodies(serve: Serve, client: Connect, call: Call, line: bytes, end: bytes) -> None:
    backend = await serve(always(OK))
    await client(backend).send(call)
    assert backend.requests[0].startswith(line + b"\r\n") and backend.requests[0].endswith(end)


async def test_call_may_override_standard_headers(serve: Serve, client: Connect) -> None:
    backend = await serve(always(OK))
    await client(backend).send(Call("GET", "/", headers={"user-agent": "other/1"}))
    assert b"user-agent: other/1\r\n" in backend.requests[0] and b"graphfold" not in backend.requests[0]


async def test_a_large_body_is_sent_whole(serve: Serve, client: Connect) -> None:
    backend = await serve(always(OK))
    body = bytes(range(256)) * 20_000
    await client(backend).send(Call("POST", "/", body=body))
    assert backend.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.fixture(params=["network", "any-transport"])
async def way(request: pytest.FixtureRequest, network: Network) -> httpx.AsyncBaseTransport:
    return network if request.param == "network" else httpx.MockTransport(lambda _: httpx.Response(200))


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\r\nx: y", "\x7f", "\x85", "é", "\u2028"])
@pytest.mark.parametrize("place", ["path", "query", "value", "name", "credential"])
async def test_values_cannot_break_out_of_their_place(
    serve: Serve, way: httpx.AsyncBaseTransport, character: str, place: str
) -> None:
    class _Tampered(Session):
        def signed(self, call: Call) -> Call:
            return call.adding({"authorization": f"a{character}b"} if place == "credential" else {})

    backend = await serve(always(OK))
    client = Client(backend.url, way, CallLimits(), lambda _: _Tampered())
    text = f"a{character}b"
    calls = {
        "path": Call("GET", f"/{text}"),
        "query": Call("GET", "/", f"x={text}"),
        "value": Call("GET", "/", headers={"x": text}),
        "name": Call("GET", "/", headers={text: "x"}),
        "credential": Call("GET", "/"),
    }
    with pytest.raises(InvalidInput):
        await client.send(calls[place])
    assert not backend.requests


@pytest.mark.parametrize(
    "call",
    [
        Call("GET", "/a b"),
        Call("GET", "/a#b"),
        Call("GET", "/", "a b"),
        Call("GET", ".evil.example/x"),
        Call("GET", "@evil.example/x"),
        Call("GET", ":80/x"),
        Call("GET", "/", headers={"": "x"}),
        Call("GET", "/", headers={"Host": "evil.example"}),
        Call("GET", "/", headers={"content-length": "5"}),
        Call("POST", "/", headers={"Transfer-Encoding": "chunked"}, body=b"0\r\n\r\n"),
        Call("GET", "/", headers={"connection": "close"}),
        Call("GET x", "/"),
        Call("GET\r\n", "/"),
        Call("", "/"),
    ],
)
async def test_call_cannot_set_framing_headers(serve: Serve, way: httpx.AsyncBaseTransport, call: Call) -> None:
    backend = await serve(always(OK))
    client = Client(backend.url, way, CallLimits(), lambda _: Session())
    with pytest.raises(InvalidInput):
        await client.send(call)
    assert not backend.requests
