"""Marketing: many customers a call, one bad entry among them, and slowness."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import running

pytestmark = pytest.mark.anyio


async def test_the_key_is_needed(http: httpx.AsyncClient) -> None:
    reply = await http.get("/marketing/engagement", params={"customerIds": "10001"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


async def test_every_known_customer_is_answered_and_those_ending_in_7_with_an_error(
    marketing: httpx.AsyncClient,
) -> None:
    reply = await marketing.get("/engagement", params={"customerIds": "10001,10007,77,10002"})
    entries = {entry["customerId"]: entry for entry in reply.json()["entries"]}
    assert entries.keys() == {"10001", "10002", "10007"}
    assert entries["10007"]["error"]["code"] == "PROFILE_LOCKED"
    assert "score" not in entries["10007"]
    assert entries["10001"].keys() == {"customerId", "score", "lastSeen", "opens", "clicks"}
    assert 0 <= entries["10001"]["score"] <= 1


@pytest.mark.parametrize(("path", "status"), [("/engagement", 400), ("/campaigns", 404)])
async def test_what_is_wrong_is_said(marketing: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await marketing.get(path)).status_code == status


async def test_a_batch_ends_at_200(marketing: httpx.AsyncClient) -> None:
    reply = await marketing.get("/engagement", params={"customerIds": ",".join(map(str, range(201)))})
    assert reply.status_code == 413


async def test_a_call_takes_its_time_and_calls_do_not_wait_for_each_other() -> None:
    settings = Settings(customers=1, marketing_delay=0.5)
    headers, query = {"X-Api-Key": credentials.MARKETING_KEY}, {"customerIds": "10001"}
    async with running(settings) as sandbox, httpx.AsyncClient(base_url=sandbox.url, headers=headers) as http:
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(http.get("/marketing/engagement", params=query) for _ in range(10)))
        assert 0.5 <= asyncio.get_running_loop().time() - start < 4  # one after the other they would take 5
