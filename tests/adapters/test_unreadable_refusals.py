"""Refusals of the CRM and the shop whose bodies are not what they should be: still what their status says."""

from pathlib import Path
from typing import Any

import httpx
import pytest

import graphfold
from graphfold.testing import FakeBackend, fakes

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
UPDATE = 'mutation { done: updateCustomer(input: {id: "10001", name: "Nova"}) { __typename } }'
CANCEL = 'mutation { done: cancelOrder(input: {id: "SO-1"}) { __typename } }'
BODIES: list[dict[str, Any]] = [
    {"html": "<h1>No</h1>"},
    {"json": {"errors": [], "error": None}},
    {"json": {"detail": "no"}},
    {"text": ""},
]


async def told(mutation: str, status: int, body: dict[str, Any]) -> list[str]:
    """The codes of what came of it, where the backend answered so."""
    crm = FakeBackend({"PATCH /v2/customers/10001": httpx.Response(status, **body)})
    crm.on("POST /oauth/token", {"access_token": "t", "expires_in": 60, "token_type": "Bearer"})
    shop = FakeBackend({"POST /orders/SO-1/cancel": httpx.Response(status, **body)})
    async with graphfold.load(ROOT, environment={}).running(transports=fakes(crm=crm, shop=shop)) as graph:
        answer = await graph.execute(mutation)
    assert answer.data == {"done": None}
    return [error["extensions"]["code"] for error in answer.errors]


@pytest.mark.parametrize("body", BODIES, ids=str)
async def test_a_refusal_that_cannot_be_read_stays_one(body: dict[str, Any]) -> None:
    assert await told(UPDATE, 422, body) == ["BACKEND_REJECTED"]
    assert await told(CANCEL, 409, body) == ["BACKEND_REJECTED"]
    assert await told(CANCEL, 404, body) == ["NOT_FOUND"]
