"""The state of each backend as JSON, without addresses, secrets or anything about a viewer."""

from __future__ import annotations

import json

import httpx
import pytest

from graphfold.resilience import Resilience
from tests.graphfold.resilience.shop import READ, FlakyBackend, shop

pytestmark = pytest.mark.anyio


async def test_state_of_an_unused_backend() -> None:
    async with shop(FlakyBackend()) as graph:
        state = graph.state()
    closed = {"state": "closed", "calls": 0, "failures": 0, "slow": 0}
    assert state == {
        "shop": {
            "critical": True,
            "places": {"used": 0, "of": 32, "waiting": 0},
            "retriesLeft": 3,
            "breakers": {"default": closed, "stock": closed},
            "quota": {"shed": 0},
            "p95": {},
        }
    }


async def test_state_of_a_failing_backend() -> None:
    backend = FlakyBackend(*[1] * 10, *[httpx.Response(500)] * 9)
    async with shop(backend, Resilience(retries=1)) as graph:
        for _ in range(16):
            await graph.execute(READ)
        state = graph.state()["shop"]
        json.dumps(state)
    assert state["breakers"]["default"] == {"state": "closed", "calls": 19, "failures": 9, "slow": 0}
    assert state["retriesLeft"] == 0


async def test_state_has_no_address_and_no_secret() -> None:
    address = "https://crm.internal.example"
    async with shop(FlakyBackend(httpx.Response(500, text="s3cret")), GRAPHFOLD_SHOP_URL=address) as graph:
        await graph.execute(READ)
        state = json.dumps(graph.state())
    assert not [word for word in ("internal.example", "s3cret", "https") if word in state]
