"""Cassettes: exact replay, no secrets in the file, and a helpful message for a request without a recording."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from graphfold.testing import Cassette, FakeBackend, fakes

pytestmark = pytest.mark.anyio

SECRET = "c4n4ry"
SOAP = """<soap:Envelope><soap:Header><wsse:Security soap:mustUnderstand="1"><wsse:UsernameToken>
<wsse:Username>c4n4ry</wsse:Username><wsu:Created>{now}</wsu:Created></wsse:UsernameToken></wsse:Security></soap:Header>
<soap:Body><Ask><n:Password type="x">c4n4ry</n:Password><Sku>007</Sku></Ask></soap:Body></soap:Envelope>"""


async def replies_of(cassette: Cassette, *requests: httpx.Request, backend: str = "crm") -> list[httpx.Response]:
    transport = cassette(backend)
    replies = [await transport.handle_async_request(request) for request in requests]
    await transport.aclose()
    return replies


async def record(file: Path, answer: Any, *requests: httpx.Request, **options: Any) -> list[httpx.Response]:
    routes = {f"{request.method} {request.url.path}": answer for request in requests}
    return await replies_of(
        Cassette(file, record=True, transports=fakes(crm=FakeBackend(routes)), **options), *requests
    )


def get(target: str, **headers: str) -> httpx.Request:
    return httpx.Request("GET", f"https://b.test{target}", headers=headers)


def post(target: str, body: bytes, media_type: str) -> httpx.Request:
    return httpx.Request("POST", f"https://b.test{target}", content=body, headers={"content-type": media_type})


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b'{"price": 1.10, "id": "007", "n": 12345678901234567890, "none": null}', "application/json"),
        ('{"name": "Zo\u00eb"}'.encode(), "application/json; charset=utf-8"),
        (b"<a>\n  <b>1.10</b>\n</a>", "text/xml"),
        (b"\x00\xff\x89PNG", "image/png"),
        (b"{not json", "application/json"),
        (b"", "application/json"),
    ],
)
async def test_replayed_reply_equals_the_recorded_one(tmp_path: Path, body: bytes, media_type: str) -> None:
    answer = httpx.Response(201, content=body, headers={"content-type": media_type, "retry-after": "3"})
    await record(tmp_path / "a.json", answer, get("/x?b=2&a=1"))
    [reply] = await replies_of(Cassette(tmp_path / "a.json"), get("/x?b=2&a=1"))
    assert (reply.status_code, reply.headers["retry-after"]) == (201, "3")
    assert reply.content == body


async def test_compressed_reply_is_stored_decompressed(tmp_path: Path) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = httpx.Response(200, content=gzip.compress(b'{"a": 1}'), headers=headers)
    [live] = await record(tmp_path / "a.json", answer, get("/x"))
    assert '"a": 1' in (tmp_path / "a.json").read_text()
    [reply] = await replies_of(Cassette(tmp_path / "a.json"), get("/x"))
    assert reply.content == live.content == b'{"a": 1}'
    assert "content-encoding" not in {*live.headers, *reply.headers}


async def test_common_secrets_are_not_in_the_file(tmp_path: Path) -> None:
    json = b'{"access_token": "c4n4ry", "expires_in": 60, "token_type": "Bearer", "deep": [{"clientSecret": "c4n4ry"}]}'
    cookies = {"content-type": "application/json", "set-cookie": f"s={SECRET}", "x-user": SECRET, "x-debug": SECRET}
    answer = httpx.Response(200, content=json, headers=cookies)
    requests = [
        get(f"/a?api_key={SECRET}&page=2", authorization=f"Bearer {SECRET}", cookie=f"s={SECRET}"),
        post("/b", b"grant_type=client_credentials&client_secret=c4n4ry", "application/x-www-form-urlencoded"),
        post("/c", SOAP.format(now="2026").encode(), "text/xml"),
        post("/d", b'{"price": 1.10, "password": "c4n4ry", "pin": 1.0, "note": "knows it-is-me"}', "application/json"),
    ]
    await record(tmp_path / "a.json", answer, *requests, secrets=["it-is-me"])
    written = (tmp_path / "a.json").read_text()
    assert SECRET not in written
    assert "it-is-me" not in written
    assert all(kept in written for kept in ("page=2", "expires_in", "Bearer", "007", "1.10", "client_credentials"))


NAMED = ["api-key", "X-Api-Key", "subscription-key", "sig", "jwt", "pwd", "userPwd", "refresh_tokens", "user[password]"]
ELEMENTS = [name for name in NAMED if "[" not in name]
VALUES: list[Any] = [{"value": SECRET, "deep": [SECRET]}, [SECRET, {"a": SECRET}], 4711004711]
BODIES = {
    **{f"json field {name}": ({name: SECRET}, "application/json") for name in NAMED},
    **{f"json value {n}": ({"sig": value}, "application/json") for n, value in enumerate(VALUES)},
    "json quoted in json": ({"a": '{"token": "c4n4ry"}', "b": '{ login(password: "c4n4ry") }'}, "application/json"),
    "json of another media type": ('{"token": "c4n4ry"}', "text/plain"),
    "a url in json": ({"next": "https://ann:c4n4ry@b.test/?page=2&sig=c4n4ry#jwt=c4n4ry"}, "application/json"),
    "json with a number that json would change": ('{"price": 1.10, "tokens": [{"a": "c4n4ry"}]}', "application/json"),
    **{f"a form with {name}": (f"page=2&{name}=c4n4ry&x=1", "application/x-www-form-urlencoded") for name in NAMED},
    **{f"an attribute {name}": (f"<a n:{name}='c4n4ry' x=\"1\"/>", "text/xml") for name in ELEMENTS},
    **{f"an element {name}": (f'<n:{name} x="1">c4n4ry</n:{name}>', "application/soap+xml") for name in ELEMENTS},
    "cdata": ("<token><![CDATA[c4n4ry]]></token>", "text/xml"),
    "nested elements": ("<r><token><token>c4n4ry</token><b/>c4n4ry<c>c4n4ry</c></token><d>x</d></r>", "text/xml"),
    "an element after text": ("<token>c4n4ry<!-- c4n4ry --></token>", "text/xml"),
    "a document quoted in cdata": ("<a><![CDATA[<r><token>c4n4ry</token></r>]]></a>", "text/xml"),
    "an element that is never closed": ("<a><token>c4n4ry<b>", "text/xml"),
    "an html page": ('<!DOCTYPE html><a href="/?a=1&amp;token=c4n4ry">x</a>', "text/html"),
    "latin-1": ("<a>\xdc<token>c4n4ry</token></a>".encode("latin-1"), "text/xml; charset=latin-1"),
}


@pytest.mark.parametrize(("body", "media_type"), BODIES.values(), ids=BODIES.keys())
async def test_value_with_a_secret_name_is_redacted(body: Any, media_type: str, tmp_path: Path) -> None:
    content = (
        json.dumps(body).encode() if isinstance(body, dict) else body if isinstance(body, bytes) else body.encode()
    )
    file, answer = tmp_path / "a.json", httpx.Response(200, content=content, headers={"content-type": media_type})
    await record(file, answer, post("/a", content, media_type))
    decoded = [base64.b64decode(part).decode("latin-1") for part in re.findall('"base64": "(.*)"', file.read_text())]
    assert not [text for text in (*decoded, file.read_text()) if SECRET in text or "4711004711" in text]
    again = content.replace(SECRET.encode(), b"other").replace(b"4711004711", b"4712004712")
    [reply] = await replies_of(Cassette(file), post("/a", again, media_type))
    assert reply.status_code == 200


@pytest.mark.parametrize("name", [*NAMED, "access_token", "X-Amz-Signature", "apikey"])
async def test_secrets_in_urls_of_kept_headers_are_redacted(name: str, tmp_path: Path) -> None:
    link, location = (
        f"<https://b.test/?page=2&{name}={SECRET}>; rel=next",
        f"https://ann:{SECRET}@b.test/#{name}={SECRET}",
    )
    headers = {"link": link, "location": location, "x-auth-token": SECRET}
    await record(tmp_path / "a.json", httpx.Response(200, headers=headers), get("/a"), headers=["X-Auth-Token"])
    written = (tmp_path / "a.json").read_text()
    assert SECRET not in written
    assert f"page=2&{name}=scrubbed>; rel=next" in written


async def test_names_that_only_resemble_secret_names_are_kept(tmp_path: Path) -> None:
    data = {"token_type": "Bearer", "resid": "7", "passenger": "Ann", "design": "flat", "key": "k", "token": None}
    await record(tmp_path / "a.json", httpx.Response(200, json=data), get("/a?author=ann&key=k"))
    [reply] = await replies_of(Cassette(tmp_path / "a.json"), get("/a?author=ann&key=k"))
    assert reply.json() == data
    assert "author=ann&key=k" in (tmp_path / "a.json").read_text()


@pytest.mark.parametrize("target", ["/a?token=x&page=2", "/a", "/a?token=x%26page%3D2&more=1", "/a/b?token=x"])
async def test_redacted_parameter_matches_only_its_own_value(target: str, tmp_path: Path) -> None:
    await record(tmp_path / "a.json", {}, get(f"/a?token={SECRET}"))
    with pytest.raises(AssertionError, match="crm was sent GET"):
        await replies_of(Cassette(tmp_path / "a.json"), get(target))


async def test_request_with_other_credentials_is_replayed(tmp_path: Path) -> None:
    def requests(secret: str) -> list[httpx.Request]:
        return [get(f"/a?token={secret}"), post("/c", SOAP.format(now=secret).encode(), "text/xml")]

    await record(tmp_path / "a.json", {"a": 1}, *requests("then"))
    assert [reply.status_code for reply in await replies_of(Cassette(tmp_path / "a.json"), *requests("now"))] == [
        200,
        200,
    ]


async def test_names_and_headers_extend_the_defaults(tmp_path: Path) -> None:
    answer = httpx.Response(200, json={"mail": "ann@x.test", "id": 7}, headers={"x-total": "9"})
    await record(tmp_path / "a.json", answer, get("/a"), names=["mail"], headers=["X-Total"])
    [reply] = await replies_of(Cassette(tmp_path / "a.json"), get("/a"))
    assert (reply.json(), reply.headers["x-total"]) == ({"mail": "scrubbed", "id": 7}, "9")


async def test_miss_shows_the_request_and_the_most_similar_recording(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    await record(file, {}, get("/orders?state=NEW"), get("/customers?ids=1"))
    with pytest.raises(AssertionError) as missed:
        await replies_of(Cassette(file), get("/orders?state=OLD"))
    message = str(missed.value)
    assert "crm was sent GET /orders?state=OLD" in message
    assert "-GET /orders?state=NEW" in message
    assert "record=True" in message
    assert "/customers" not in message


async def test_miss_shows_a_diff_of_the_body(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    await record(file, {}, post("/x", b'{"number": "1", "name": "Ann"}', "application/json"))
    with pytest.raises(AssertionError, match=r'(?s)-    "name": "Ann".*\+    "name": "Bob"'):
        await replies_of(Cassette(file), post("/x", b'{"name": "Bob", "number": "1"}', "application/json"))


async def test_request_beyond_the_recorded_ones_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    await record(file, {}, get("/x"))
    with pytest.raises(AssertionError, match="once more than recorded: GET /x"):
        await replies_of(Cassette(file), get("/x"), get("/x"))


async def test_request_to_a_backend_without_recording_fails(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    await record(file, {}, get("/x"))
    with pytest.raises(AssertionError, match="shop was sent GET /x, but no request to it was recorded"):
        await replies_of(Cassette(file), get("/x"), backend="shop")


def test_missing_file_says_how_to_record_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"Record it: Cassette\('a.json', record=True\)"):
        Cassette(tmp_path / "a.json")
