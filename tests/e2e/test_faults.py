"""Failures of single entries and of credentials. `test_matrix.py` covers the failures common to all backends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sandbox.credentials import variables
from tests.e2e.gateway import BACKENDS, Gateway, calls, gateway
from tests.e2e.portions import QUERY, assert_only_its_fields_are_gone

pytestmark = pytest.mark.anyio


@pytest.fixture
async def whole(graph: Gateway) -> dict[str, Any]:
    """Return the answer without failures; it is the same for every graph over the shared sandbox."""
    return await graph.ask(QUERY)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_rejected_credentials_are_reported_as_a_gateway_error(
    shared_sandbox: str, whole: dict[str, Any], backend: str
) -> None:
    secrets = [name for name in variables("") if name.startswith(f"GRAPHFOLD_{backend.upper()}_")][-1:]
    wrong = dict.fromkeys(secrets, "not-the-secret")
    async with gateway(shared_sandbox, **wrong) as graph:
        answer = await graph.answer(QUERY)
        assert_only_its_fields_are_gone(answer, whole, backend, "BACKEND_CREDENTIALS")
        assert "not-the-secret" not in json.dumps(answer)


async def test_gateway_answers_while_every_backend_fails(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox) as graph:
        for backend in BACKENDS:
            await graph.suffer(backend, "garbage")
        try:
            answer = await graph.answer(QUERY)
        finally:
            await graph.recover()
    assert answer["data"] == {"crm": None, "shop": None, "catalog": None, "billing": None}


async def test_expired_token_is_renewed_once_for_concurrent_calls(graph: Gateway) -> None:
    customers = [f'c{n}: customer(id: "{10020 + n}") {{ name }}' for n in range(5)]
    lists = [f"l{n}: customers(first: {n + 1}) {{ nodes {{ name }} }}" for n in range(5)]
    await graph.ask('{ customer(id: "10200") { name } }')
    await graph.calls()
    await graph.suffer("crm", "expired-token")
    try:
        await asyncio.gather(*(graph.ask(f"{{ {field} }}") for field in [*customers, *lists]))
        counted = await graph.calls()
    finally:
        await graph.recover()
    # customers in five operations, five lists: each is refused and sent again, and between them is one token
    assert counted == calls(crm=2 * 10 + 1)


async def test_token_that_is_always_rejected_is_renewed_only_once(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox) as graph:
        await graph.suffer("crm", "status", status=401, only="data")
        try:
            answer = await graph.answer('{ customer(id: "10001") { name } }')
        finally:
            await graph.recover()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BACKEND_CREDENTIALS"]
        assert await graph.calls() == calls(crm=4)  # token, data, token, data


async def test_locked_marketing_profiles_fail_without_affecting_other_fields(graph: Gateway) -> None:
    answer = await graph.answer("{ customers(first: 20) { nodes { number engagement { score } } } }")
    nodes = answer["data"]["customers"]["nodes"]
    assert [node["number"] for node in nodes if node["engagement"] is None] == ["10007", "10017"]
    assert [error["path"] for error in answer["errors"]] == [
        ["customers", "nodes", place, "engagement"] for place in (6, 16)
    ]
    for error in answer["errors"]:
        assert error["extensions"] == {
            "code": "BACKEND_REJECTED",
            "retryable": False,
            "backend": "marketing",
            "operation": "engagement",
            "reason": "PROFILE_LOCKED",
            "requestId": "r-1",
        }


async def test_unknown_invoice_number_fails_without_affecting_the_others(graph: Gateway) -> None:
    numbers = [f"2026-{n:06d}" for n in range(1, 13)]
    numbers[5] = "2026-999999"
    fields = [f'i{place}: invoice(id: "{number}") {{ number }}' for place, number in enumerate(numbers)]
    answer = await graph.answer(f"{{ {' '.join(fields)} }}")
    expected = {f"i{place}": {"number": number} for place, number in enumerate(numbers)} | {"i5": None}
    assert answer["data"] == expected
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["i5"], "NOT_FOUND")]


async def test_failed_call_in_a_fan_out_affects_only_its_own_key(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox, GRAPHFOLD_BILLING_RETRIES="0") as graph:
        await graph.suffer("billing", "reset", times=1)
        answer = await graph.answer("{ customers(first: 10) { nodes { invoices(first: 1) { totalCount } } } }")
        nodes = answer["data"]["customers"]["nodes"]
        assert sum(node["invoices"] is None for node in nodes) == len(answer["errors"]) == 1
        assert (await graph.calls())["billing"] == 10
