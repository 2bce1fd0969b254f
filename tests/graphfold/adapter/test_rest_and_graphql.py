"""REST and GraphQL backends: requests are escaped and exact, replies become data or a typed error."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any

import httpx
import orjson
import pytest
import strawberry

from graphfold import GraphQLAdapter, RestAdapter, read, resolves
from graphfold.credentials import Bearer
from graphfold.errors import BackendRejected
from graphfold.graph.graph import Graph
from graphfold.testing import FakeBackend, declaring, fakes, graph_of

pytestmark = pytest.mark.anyio


class Colour(Enum):
    RED = "red"


class Outcome:
    """The answer of a graph with one field, whose resolver makes one call."""

    def __init__(self, answer: Any, backend: FakeBackend) -> None:
        self.data, self.text = answer.data, str(answer)
        self.code = answer.errors[0]["extensions"]["code"] if answer.errors else None
        self.extensions = answer.errors[0]["extensions"] if answer.errors else {}
        self.calls = backend.calls


def graph(call: Callable[[Any], Any], kind: type[Any], settings: dict[str, str]) -> Graph:
    """Return a graph with one field; `call` is the body of the adapter's read."""

    @strawberry.type
    class Query:
        pass

    class Shop(kind):  # type: ignore[misc]  # one of two
        credential = Bearer()
        identity = "service"

        @read()
        async def count(self) -> int:
            value: int = await call(self)
            return value

    @resolves(Query)
    async def count(shop: Shop) -> int | None:
        return await shop.count()

    return graph_of(settings)


class AnyRoute(FakeBackend):
    """Sends the same reply on every route."""

    def __init__(self, reply: Any) -> None:
        super().__init__()
        self.reply = reply

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.on(f"{request.method} {request.url.raw_path.decode().partition('?')[0]}", self.reply)
        return await super().handle_async_request(request)


async def run_call(call: Callable[[Any], Any], kind: type[Any], reply: Any, **settings: str) -> Outcome:
    backend = AnyRoute(reply)
    with declaring():
        made = graph(call, kind, settings)
    async with made.running(transports=fakes(shop=backend)) as running:
        return Outcome(await running.execute("{ count }"), backend)


async def rest(call: Callable[[Any], Any], reply: Any = 1, **settings: str) -> Outcome:
    return await run_call(call, RestAdapter, reply, **settings)


async def graphql(reply: Any, **variables: Any) -> Outcome:
    return await run_call(lambda shop: shop.query("{ n }", int, at="n", **variables), GraphQLAdapter, reply)


async def test_path_parameters_fill_the_path_and_others_the_query() -> None:
    outcome = await rest(lambda shop: shop.get("/a/{b}/c", int, b="x", d=1, e=None, f="ä&="))
    assert outcome.data == {"count": 1}
    assert str(outcome.calls[0].url) == "https://shop.test/a/x/c?d=1&f=%C3%A4%26%3D"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (True, "true"),
        (Colour.RED, "red"),
        (date(2026, 1, 31), "2026-01-31"),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
        (Decimal("12.30"), "12.30"),
        (7, "7"),
    ],
)
async def test_query_values_are_formatted_by_type(value: Any, written: str) -> None:
    outcome = await rest(lambda shop: shop.get("/a", int, v=value))
    assert outcome.calls[0].url.params["v"] == written


@pytest.mark.parametrize("value", [["p", "q"], ("p",), {"p"}, {"p": 1}, {"p": 1}.values(), b"p"])
@pytest.mark.parametrize("path", ["/a", "/a/{tags}"])
async def test_collection_as_parameter_is_a_mistake(path: str, value: Any, log: list[Any]) -> None:
    outcome = await rest(lambda shop: shop.get(path, int, tags=value))
    assert (outcome.code, outcome.calls) == ("INTERNAL", [])
    [line] = log
    assert re.search(rf"\.py:\d+: tags: a {type(value).__name__} cannot be sent", line["traceback"])
    assert 'Fix: make it a text as the backend reads it, e.g. tags=",".join(values).' in line["traceback"]


@pytest.mark.parametrize("value", ["a/b", "a?b", "a#b", "a%2Fb", "../x", "a;b", "ä", "a b", "\N{GRINNING FACE}"])
async def test_path_value_stays_in_its_segment(value: str) -> None:
    outcome = await rest(lambda shop: shop.get("/a/{v}/c", int, v=value))
    raw = outcome.calls[0].url.raw_path.decode()
    assert raw.count("/") == 3
    assert raw.startswith("/a/")
    assert raw.endswith("/c")
    assert httpx.URL(f"https://x/{raw.split('/')[2]}").path == f"/{value}"


@pytest.mark.parametrize("value", ["", ".", "..", "a\nb", "a\x00b", "\ud800", None])
async def test_value_that_is_no_path_segment_is_bad_input(value: str | None) -> None:
    outcome = await rest(lambda shop: shop.get("/a/{v}/c", int, v=value))
    assert (outcome.code, outcome.calls) == ("BAD_INPUT", [])


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"v": "\ud800"}},
        {"v": "\ud800"},
        {"headers": {"idempotency-key": "a\r\nx-admin: 1"}},
        {"headers": {"idempotency-key": "ä"}},
    ],
)
async def test_lone_surrogates_are_bad_input(sent: dict[str, Any]) -> None:
    outcome = await rest(lambda shop: shop.request("POST", "/a", int, **sent))
    assert (outcome.code, outcome.calls) == ("BAD_INPUT", [])


@pytest.mark.parametrize("path", ["http://u:secret@x/a?key=secret", "//x/a", "a/b"])
async def test_path_to_another_host_is_an_internal_error(path: str, log: list[Any]) -> None:
    outcome = await rest(lambda shop: shop.get(path, int))
    assert (outcome.code, outcome.calls) == ("INTERNAL", [])
    [line] = log
    assert line["internal"].startswith("paths are below the backend's address")
    assert "secret" not in str(line)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "delete"])
async def test_changing_method_in_a_read_is_a_mistake(method: str, log: list[Any]) -> None:
    outcome = await rest(lambda shop: shop.request(method, "/a", int))
    assert (outcome.code, outcome.calls) == ("INTERNAL", [])
    assert f"count is a @read, but sends {method}" in str(log)


async def test_json_body_is_exact() -> None:
    body = {"price": Decimal("12.30"), "on": date(2026, 1, 31), "n": 2**60, "t": "ä"}
    outcome = await rest(lambda shop: shop.request("POST", "/a", int, json=body, headers={"X-Key": "1"}))
    [call] = outcome.calls
    assert orjson.loads(call.content) == {"price": "12.30", "on": "2026-01-31", "n": 2**60, "t": "ä"}
    assert (call.headers["content-type"], call.headers["x-key"]) == ("application/json", "1")


NOTHING = [httpx.Response(204), httpx.Response(200), httpx.Response(202, headers={"content-type": "text/html"})]


@pytest.mark.parametrize("reply", NOTHING, ids=str)
@pytest.mark.parametrize("into", [NoneType, int | None, Any])
async def test_success_without_body_is_none_for_optional_types(reply: httpx.Response, into: Any) -> None:
    outcome = await rest(lambda shop: shop.request("POST", "/a", into, at="done"), reply)
    assert (outcome.data, outcome.code, len(outcome.calls)) == ({"count": None}, None, 1)


@pytest.mark.parametrize("reply", NOTHING, ids=str)
@pytest.mark.parametrize("into", [int, list[int | None], dict[str, None]])
async def test_success_without_body_is_a_bad_reply_for_other_types(reply: httpx.Response, into: Any) -> None:
    outcome = await rest(lambda shop: shop.request("POST", "/a", into), reply)
    assert outcome.code == "BACKEND_BAD_REPLY"


STATUSES = {
    301: "BACKEND_BAD_REPLY",
    400: "BACKEND_REJECTED",
    401: "BACKEND_CREDENTIALS",
    403: "BACKEND_CREDENTIALS",
    405: "BACKEND_CONTRACT",
    408: "BACKEND_TIMEOUT",
    413: "BACKEND_CONTRACT",
    422: "BACKEND_REJECTED",
    429: "BACKEND_BUSY",
    500: "BACKEND_UNAVAILABLE",
    503: "BACKEND_UNAVAILABLE",
    504: "BACKEND_TIMEOUT",
}


@pytest.mark.parametrize("kind", [RestAdapter, GraphQLAdapter])
@pytest.mark.parametrize(("status", "code"), STATUSES.items())
async def test_status_gives_the_typed_error(status: int, code: str, kind: type[Any]) -> None:
    reply = httpx.Response(status, json={"hint": "pw=secret"}, headers={"location": "https://evil.test/"})
    outcome = await (rest(lambda shop: shop.get("/a", int), reply) if kind is RestAdapter else graphql(reply))
    assert outcome.code == code
    assert outcome.extensions["backend"] == "shop"
    assert outcome.extensions["operation"] == "count"
    assert len({call.url.host for call in outcome.calls}) == 1
    assert "secret" not in outcome.text


@pytest.mark.parametrize("status", [404, 410])
async def test_404_means_a_missing_object_or_a_wrong_address(status: int) -> None:
    """A REST address names one object. GraphQL has one address for all, which must be wrong then."""
    outcome = await rest(lambda shop: shop.get("/a", int), httpx.Response(status))
    assert outcome.code == "NOT_FOUND"
    outcome = await graphql(httpx.Response(status))
    assert outcome.code == "BACKEND_CONTRACT"


async def run_with_problem_hook(kind: type[Any], author: Callable[[Any, Any], Any], reply: httpx.Response) -> Outcome:
    """Run a call that fails with `reply`, by an adapter of this kind with `author` as its `problem`."""

    class Explained(kind):  # type: ignore[misc]  # one of two
        problem = author

    if kind is RestAdapter:
        return await run_call(lambda shop: shop.get("/a", int), Explained, reply)
    return await run_call(lambda shop: shop.query("{ n }", int, at="n"), Explained, reply)


UNREADABLE = {
    "a page": httpx.Response(404, html="<h1>Nothing here</h1>"),
    "nothing": httpx.Response(404),
    "half": httpx.Response(404, content=b"[", headers={"content-type": "application/json"}),
    "another form": httpx.Response(404, json={"detail": "secret"}),
}


@pytest.mark.parametrize("reply", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_error_body_gives_the_error_of_the_status(reply: httpx.Response, log: list[Any]) -> None:
    outcome = await run_with_problem_hook(
        RestAdapter, lambda shop, reply: BackendRejected(shop.read(reply, str, at="why")), reply
    )
    assert (outcome.code, len(outcome.calls)) == ("NOT_FOUND", 1)
    assert log[-1]["internal"].startswith("status 404, ")
    assert "; " in log[-1]["internal"]


@pytest.mark.parametrize("kind", [RestAdapter, GraphQLAdapter])
@pytest.mark.parametrize(
    "author", [lambda shop, reply: reply.body[0], lambda shop, reply: None], ids=["defect", "nothing"]
)
async def test_defect_in_problem_hook_does_not_hide_the_failure(author: Any, kind: type[Any], log: list[Any]) -> None:
    outcome = await run_with_problem_hook(kind, author, httpx.Response(422))
    assert outcome.code == "BACKEND_REJECTED"
    assert re.fullmatch(r"status 422, no content type; (Index|Type)Error at .*\.py:\d+: .*", log[-1]["internal"])


async def test_problem_hook_may_raise_its_error() -> None:
    def refuse(shop: Any, reply: Any) -> Any:
        raise BackendRejected("Not on Sundays.")

    outcome = await run_with_problem_hook(RestAdapter, refuse, httpx.Response(404))
    assert (outcome.code, "Not on Sundays." in outcome.text) == ("BACKEND_REJECTED", True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None)])
async def test_retry_after_is_passed_on_and_keeps_the_code(status: int, header: str, seconds: float | None) -> None:
    outcome = await rest(lambda shop: shop.get("/a", int), httpx.Response(status, headers={"retry-after": header}))
    assert (outcome.code, outcome.extensions.get("retryAfter")) == (STATUSES[status], seconds)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2027 00:00:00 +2500", None),
        (f"Fri, 01 Jan 2027 00:00:00 +{'9' * 20}", None),
        ("soon", None),
    ],
)
async def test_retry_after_may_be_a_date(header: str, seconds: float | None) -> None:
    outcome = await rest(lambda shop: shop.get("/a", int), httpx.Response(429, headers={"retry-after": header}))
    assert (outcome.code, outcome.extensions.get("retryAfter")) == ("BACKEND_BUSY", seconds)


BAD = {
    "a page": httpx.Response(200, html="<h1>Maintenance</h1>"),
    "nothing": httpx.Response(200, headers={"content-type": "application/json"}),
    "half": httpx.Response(200, content=b"[1, 2", headers={"content-type": "application/json"}),
    "half of another type": httpx.Response(200, content=b'["secret", 2', headers={"content-type": "application/json"}),
    "another type and no number": httpx.Response(
        200, content=b'["secret", NaN]', headers={"content-type": "application/json"}
    ),
    "another type and no text": httpx.Response(
        200, content=b'["secret", "\xff"]', headers={"content-type": "application/json"}
    ),
    "another type too deep": httpx.Response(
        200, content=b"[" * 100_000 + b"]" * 100_000, headers={"content-type": "application/json"}
    ),
    "half a character": httpx.Response(200, content=rb'["\ud800"]', headers={"content-type": "application/json"}),
    "bytes": httpx.Response(200, content=bytes(range(256)), headers={"content-type": "application/json"}),
}


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD.keys())
@pytest.mark.parametrize("kind", [RestAdapter, GraphQLAdapter])
async def test_unusable_success_is_a_typed_error(reply: httpx.Response, kind: type[Any]) -> None:
    outcome = await (rest(lambda shop: shop.get("/a", int), reply) if kind is RestAdapter else graphql(reply))
    assert outcome.code == "BACKEND_BAD_REPLY"
    assert "secret" not in outcome.text


@pytest.mark.parametrize("kind", [RestAdapter, GraphQLAdapter])
async def test_success_of_another_form_is_no_outage(kind: type[Any]) -> None:
    reply = httpx.Response(200, json="secret")
    outcome = await (rest(lambda shop: shop.get("/a", int), reply) if kind is RestAdapter else graphql(reply))
    assert (outcome.code, len(outcome.calls)) == ("BACKEND_CONTRACT", 1)
    assert "secret" not in outcome.text


async def test_reply_over_the_size_limit_is_refused() -> None:
    outcome = await rest(
        lambda shop: shop.get("/a", int), httpx.Response(200, json="x" * 2000), GRAPHFOLD_MAX_REPLY="1000"
    )
    assert outcome.code == "BACKEND_BAD_REPLY"


async def test_call_over_its_timeout_is_cancelled() -> None:
    async def never(request: httpx.Request) -> Any:
        await asyncio.Event().wait()

    outcome = await rest(lambda shop: shop.get("/a", int), never, GRAPHFOLD_CALL_TIMEOUT="0.01")
    assert outcome.code == "BACKEND_TIMEOUT"


async def test_graphql_request_has_document_and_variables() -> None:
    outcome = await graphql({"data": {"n": 3}, "extensions": {}}, price=Decimal("1.20"))
    assert outcome.data == {"count": 3}
    assert orjson.loads(outcome.calls[0].content) == {"query": "{ n }", "variables": {"price": "1.20"}}
    assert (await graphql(1, v="\ud800")).code == "BAD_INPUT"


async def test_status_outranks_graphql_errors() -> None:
    for status, code in ((401, "BACKEND_CREDENTIALS"), (429, "BACKEND_BUSY"), (502, "BACKEND_UNAVAILABLE")):
        assert (await graphql(httpx.Response(status, json={"errors": [{"message": "x"}]}))).code == code


@pytest.mark.parametrize("reply", [{"data": None}, {"data": {}}, {"data": {"n": None}}, {}, []])
async def test_graphql_reply_without_the_result_is_an_error(reply: Any) -> None:
    assert (await graphql(reply)).code == "BACKEND_CONTRACT"
