"""Marketing: many customers a call, one bad entry among them, and slowness."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from sandbox import credentials
from sandbox.company import Settings
from sandbox.server import running

pytestmark = pytest.mark.anyio


async def test_marketing_requires_an_api_key(http: httpx.AsyncClient) -> None:
    reply = await http.get("/marketing/engagement", params={"customerIds": "10001"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


async def test_marketing_returns_existing_customers_and_errors_for_numbers_ending_in_7(
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
async def test_marketing_explains_an_invalid_request(marketing: httpx.AsyncClient, path: str, status: int) -> None:
    assert (await marketing.get(path)).status_code == status


async def test_marketing_batch_rejects_more_than_200_customers(marketing: httpx.AsyncClient) -> None:
    reply = await marketing.get("/engagement", params={"customerIds": ",".join(map(str, range(201)))})
    assert reply.status_code == 413


async def test_marketing_delays_concurrent_calls_in_parallel() -> None:
    settings = Settings(customers=1, marketing_delay=0.5)
    headers, query = {"X-Api-Key": credentials.MARKETING_KEY}, {"customerIds": "10001"}
    async with running(settings) as sandbox, httpx.AsyncClient(base_url=sandbox.url, headers=headers) as http:
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(http.get("/marketing/engagement", params=query) for _ in range(10)))
        assert 0.5 <= asyncio.get_running_loop().time() - start < 4  # one after the other they would take 5
