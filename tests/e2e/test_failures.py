"""Every failure that docs/errors.md tells of, by every protocol: one code, and nothing of the backend's own words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.control import FITS
from tests.e2e.gateway import gateway
from tests.house.test_errors_page import FAILURES, rows

pytestmark = pytest.mark.anyio

ASKED = {
    "crm": '{ customer(id: "10002") { number } }',
    "shop": '{ order(id: "SO-100002") { number } }',
    "catalog": '{ product(id: "00012345") { sku } }',
    "billing": '{ invoice(id: "2026-000001") { number } }',
    "inventory": '{ product(id: "00012345") { stock { onHand } } }',
}
FITTING = {"soap-fault": ("billing", "inventory"), "expired-token": ("crm",)}
TOLD = [(json.loads(row.split("`")[1]), row.rsplit("|", 2)[1].strip(" `")) for row in rows(FAILURES)]
QUICK = {f"GRAPHFOLD_{name.upper()}_RETRIES": "0" for name in ASKED} | {"GRAPHFOLD_CALL_TIMEOUT": "1"}


@pytest.mark.parametrize(("fault", "code"), TOLD, ids=lambda told: json.dumps(told) if isinstance(told, dict) else told)
async def test_a_failure_has_its_code(shared_sandbox: str, fault: dict[str, Any], code: str) -> None:
    backends = FITTING[fault["fault"]] if fault["fault"] in FITS else tuple(ASKED)
    async with gateway(shared_sandbox, **QUICK) as graph:
        await graph.ask(ASKED["crm"])  # a token
        told: dict[str, Any] = {}
        try:
            for backend in backends:
                await graph.suffer(backend, **fault)
                answer = await graph.answer(ASKED[backend].replace("10002", "10003"))
                await graph.recover()
                told[backend] = [error["extensions"] for error in answer.get("errors", [])]
        finally:
            await graph.recover()
    expected = [] if code == "none" else [code]
    assert {backend: [each["code"] for each in errors] for backend, errors in told.items()} == dict.fromkeys(
        backends, expected
    )
    assert all(each["backend"] == backend for backend, errors in told.items() for each in errors)
