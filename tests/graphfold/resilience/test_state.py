"""What can be read of each backend: how it is, and nothing that is secret or anybody's."""

from __future__ import annotations

import json

import httpx
import pytest

from graphfold.resilience import Resilience
from tests.graphfold.resilience.shop import READ, Troubled, shop

pytestmark = pytest.mark.anyio


async def test_a_backend_nobody_asked() -> None:
    async with shop(Troubled()) as graph:
        told = graph.state()
    calm = {"state": "closed", "calls": 0, "failures": 0, "slow": 0}
    assert told == {
        "shop": {
            "critical": True,
            "places": {"used": 0, "of": 32, "waiting": 0},
            "retriesLeft": 3,
            "breakers": {"default": calm, "stock": calm},
            "quota": {"shed": 0},
            "p95": {},
        }
    }


async def test_a_backend_in_trouble() -> None:
    backend = Troubled(*[1] * 10, *[httpx.Response(500)] * 9)
    async with shop(backend, Resilience(retries=1)) as graph:
        for _ in range(16):
            await graph.execute(READ)
        told = graph.state()["shop"]
        json.dumps(told)
    assert told["breakers"]["default"] == {"state": "closed", "calls": 19, "failures": 9, "slow": 0}
    assert told["retriesLeft"] == 0


async def test_it_tells_no_address_and_no_secret() -> None:
    address = "https://crm.internal.example"
    async with shop(Troubled(httpx.Response(500, text="s3cret")), GRAPHFOLD_SHOP_URL=address) as graph:
        await graph.execute(READ)
        told = json.dumps(graph.state())
    assert not [word for word in ("internal.example", "s3cret", "https") if word in told]
