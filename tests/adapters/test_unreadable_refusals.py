"""Refusals of the CRM and the shop with an unreadable body keep the error code of their status."""

from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest

import graphfold
from graphfold.graph.graph import Graph
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


@cache
def reference_graph() -> Graph:
    return graphfold.load(ROOT, environment={})


async def codes(mutation: str, status: int, body: dict[str, Any]) -> list[str]:
    """Return the error codes of a mutation that the backend answers with this status and body."""
    crm = FakeBackend({"PATCH /v2/customers/10001": httpx.Response(status, **body)})
    crm.on("POST /oauth/token", {"access_token": "t", "expires_in": 60, "token_type": "Bearer"})
    shop = FakeBackend({"POST /orders/SO-1/cancel": httpx.Response(status, **body)})
    async with reference_graph().running(transports=fakes(crm=crm, shop=shop)) as graph:
        answer = await graph.execute(mutation)
    assert answer.data == {"done": None}
    return [error["extensions"]["code"] for error in answer.errors]


@pytest.mark.parametrize("body", BODIES, ids=str)
async def test_refusal_with_an_unreadable_body_keeps_its_code(body: dict[str, Any]) -> None:
    assert await codes(UPDATE, 422, body) == ["BACKEND_REJECTED"]
    assert await codes(CANCEL, 409, body) == ["BACKEND_REJECTED"]
    assert await codes(CANCEL, 404, body) == ["NOT_FOUND"]
