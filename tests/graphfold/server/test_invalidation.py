"""`POST /invalidate`: signed messages make the caches load what has changed; others are rejected."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from graphfold.server.webhook_signature import sign_webhook
from tests.graphfold.shelf_life import Shop, goods, served

pytestmark = pytest.mark.anyio

SECRET = "a long enough secret of ours"
CACHING = Path(__file__).parents[3] / "docs" / "caching.md"
NAME = '{ name(id: "1") { text } }'
PRICE = "{ price(id: 1) { text } }"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with served(goods(invalidation_secret=SECRET)) as shop:
        yield shop


async def send_message(
    shop: Shop,
    secret: str = SECRET,
    ident: str = "m1",
    offset: float = 0,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx.Response:
    """Send a message that is signed with a time `offset` seconds from now."""
    content = orjson.dumps(body)
    signature = sign_webhook(secret, ident, int(time.time() + offset), content)
    return await shop.client.post("/invalidate", content=content, headers=signature | (headers or {}))


def error_message(response: httpx.Response) -> str:
    [error] = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    return str(error["message"])


@pytest.mark.parametrize(
    ("query", "change"),
    [
        (NAME, {"operation": "names", "keys": ["1"]}),
        (NAME, {"operation": "names", "keys": [1, 2]}),
        (NAME, {"operation": "names", "all": True}),
        (PRICE, {"operation": "prices", "keys": [1]}),
        (PRICE, {"operation": "prices", "keys": ["1"]}),
        ('{ code(id: "a-1") { text } }', {"operation": "codes", "keys": ["A-1"]}),
        ('{ code(id: "A-1") { text } }', {"operation": "codes", "keys": ["a-1"]}),
        ("{ all { text } }", {"operation": "all", "all": True}),
        ('{ mine(id: "1") { text } }', {"operation": "mine", "keys": ["1"]}),
    ],
)
async def test_invalidated_keys_are_loaded_again(shop: Shop, query: str, change: dict[str, Any]) -> None:
    texts = [(await shop.ask(query)).text for _ in range(2)]
    response = await send_message(shop, backend="depot", **change)
    assert response.json()["forgotten"] == len(change.get("keys", ())) or "all"
    texts += [(await shop.ask(query)).text for _ in range(2)]
    assert texts[0] == texts[1] != texts[2] == texts[3]
    assert len(shop.store.calls) == 2
    [line] = [line for line in shop.log if line["event"] == "invalidated"]
    assert line["operation"] == change["operation"]


@pytest.mark.parametrize("key", [["a", 1], '["a", 1]'])
async def test_compound_key_is_a_list(shop: Shop, key: Any) -> None:
    """The command line sends the list as JSON text."""
    for cached in (False, True, False):
        await shop.ask('{ pair(id: "a", number: 1) }')
        assert shop.cached[-1] is cached
        if cached:
            assert (await send_message(shop, backend="depot", operation="pairs", keys=[key])).json()["forgotten"] == 1


async def test_other_keys_stay_cached(shop: Shop) -> None:
    for query in (NAME, PRICE):
        await shop.ask(query)
    await send_message(shop, backend="depot", operation="names", keys=["2"])
    del shop.log[:]
    for query in (NAME, PRICE):
        await shop.ask(query)
    assert shop.cached == [True, True]


async def test_load_in_flight_during_invalidation_is_answered_but_not_cached(shop: Shop) -> None:
    arrived, resume = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> Any:
        reply = shop.store.answer(request)
        arrived.set()
        await resume.wait()
        return reply

    shop.store.on("GET /names", slow)
    request_task = asyncio.create_task(shop.ask(NAME))
    await arrived.wait()
    await send_message(shop, backend="depot", operation="names", keys=["1"])
    resume.set()
    assert (await request_task).json()["data"]["name"]["text"] == "names 1 #1"
    assert (await shop.ask(NAME)).json()["data"]["name"]["text"] == "names 1 #2"


@pytest.mark.parametrize(
    ("mistake", "reason"),
    [
        ({"secret": "another secret of some length"}, "The signature is wrong."),
        ({"offset": -301}, "webhook-timestamp is more than 300 seconds away from our time."),
        ({"offset": 302}, "webhook-timestamp is more than 300 seconds away from our time."),
        ({"headers": {"webhook-timestamp": "soon"}}, "The signature is wrong."),
        ({"headers": {"webhook-id": "m2"}}, "The signature is wrong."),
        ({"headers": {"webhook-signature": ""}}, "The message is not signed: send webhook-id, "),
        ({"headers": {"webhook-signature": b"v1,\xe9 v2"}}, "The signature is wrong."),
    ],
)
async def test_message_with_a_wrong_signature_changes_nothing(shop: Shop, mistake: dict[str, Any], reason: str) -> None:
    await shop.ask(NAME)
    response = await send_message(shop, backend="depot", operation="names", all=True, **mistake)
    assert response.status_code == 401
    assert error_message(response).startswith(reason)
    await shop.ask(NAME)
    assert len(shop.store.calls) == 1
    assert SECRET not in str(shop.log) + response.text


async def test_changed_body_is_rejected(shop: Shop) -> None:
    headers = sign_webhook(SECRET, "m1", int(time.time()), b'{"backend":"depot","operation":"names","keys":["1"]}')
    response = await shop.client.post("/invalidate", content=b'{"backend":"depot"}', headers=headers)
    assert (response.status_code, error_message(response)) == (401, "The signature is wrong.")


async def test_one_valid_signature_of_several_is_enough(shop: Shop) -> None:
    """While a secret is replaced, the sender signs with the old and the new one."""
    content = orjson.dumps({"backend": "depot", "operation": "names", "all": True})
    headers = sign_webhook(SECRET, "m1", int(time.time()), content)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert (await shop.client.post("/invalidate", content=content, headers=headers)).status_code == 200


def test_signature_matches_the_standard_webhooks_example() -> None:
    headers = sign_webhook(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_signature_script_in_the_docs_is_accepted(shop: Shop) -> None:
    [source] = re.findall(r"```python\n(import base64.*?)```", CACHING.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102  # our own lines
    body = b'{"backend": "depot", "operation": "names", "keys": ["1"]}'
    response = await shop.client.post("/invalidate", content=body, headers=names["headers"](SECRET, body))
    assert response.json() == {"backend": "depot", "operation": "names", "forgotten": 1}


async def test_repeated_message_is_ignored(shop: Shop) -> None:
    for expected in (False, True):
        await shop.ask(NAME)
        response = await send_message(shop, backend="depot", operation="names", all=True)
        assert response.json().get("repeated", False) is expected
    await shop.ask(NAME)
    assert len(shop.store.calls) == 2


async def test_rejected_message_may_be_sent_again(shop: Shop) -> None:
    assert (await send_message(shop, backend="depot", operation="names", keys=[None])).status_code == 400
    assert (await send_message(shop, backend="depot", operation="names", keys=["1"])).json()["forgotten"] == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            {"backend": "depo", "operation": "names", "all": True},
            "There is no backend named 'depo'. Did you mean 'depot'?",
        ),
        ({"backend": "crm", "operation": "names", "all": True}, "There is no backend named 'crm'. Known: depot."),
        ({"backend": "depot", "operation": "name", "all": True}, "depot has no operation named 'name'. Did you mean"),
        ({"backend": "depot", "operation": "rename", "all": True}, "depot.rename writes: nothing of it is cached."),
        (
            {"backend": "depot", "operation": "prices", "keys": ["a"]},
            "'a' is no key of depot.prices: its keys are of type int",
        ),
        (
            {"backend": "depot", "operation": "names", "keys": [["a"]]},
            "['a'] is no key of depot.names: its keys are of type str",
        ),
        (
            {"backend": "depot", "operation": "all", "keys": ["1"]},
            "depot.all has no keys: invalidate the whole operation, with `all`.",
        ),
        ({"backend": "depot", "operation": "names"}, 'Say which `keys` have changed, or `"all": true`, not both.'),
        ({"backend": "depot", "operation": "names", "keys": [], "all": True}, "Say which `keys` have changed, or"),
        (
            {"backend": "depot", "operation": "names", "key": "1"},
            "The message cannot be read: Object contains unknown field",
        ),
        ({"operation": "names"}, "The message cannot be read: Object missing required field `backend`"),
    ],
)
async def test_invalid_message_is_rejected_with_the_reason(shop: Shop, body: dict[str, Any], reason: str) -> None:
    response = await send_message(shop, **body)
    assert response.status_code == 400
    assert error_message(response).startswith(reason)


async def test_message_above_the_size_limit_is_rejected(shop: Shop) -> None:
    response = await send_message(shop, backend="depot", operation="names", keys=["x" * 100_000])
    assert (response.status_code, error_message(response)) == (
        413,
        "The request body is too large; the limit is 100,000 bytes.",
    )


async def test_route_is_missing_without_a_secret() -> None:
    async with served(goods()) as shop:
        assert (await send_message(shop, backend="depot", operation="names", all=True)).status_code == 404
