"""The control API: call counters and faults."""

from __future__ import annotations

import asyncio

import httpx
import pytest

pytestmark = pytest.mark.anyio

BACKENDS = ["crm", "shop", "catalog", "inventory", "billing", "marketing"]
FAULTS = "latency status html reset truncate drip shape soap-fault graphql-error expired-token garbage".split()  # noqa: SIM905


async def counts(http: httpx.AsyncClient) -> dict[str, int]:
    counted: dict[str, int] = (await http.get("/_sandbox/requests")).json()
    return counted


async def put(http: httpx.AsyncClient, **fault: object) -> httpx.Response:
    return await http.post("/_sandbox/faults", json=fault)


async def listed(http: httpx.AsyncClient) -> list[dict[str, object]]:
    faults: list[dict[str, object]] = (await http.get("/_sandbox/faults")).json()["faults"]
    return faults


async def test_call_counters_of_all_six_backends_start_at_zero(http: httpx.AsyncClient) -> None:
    assert list((await counts(http)).items()) == [(backend, 0) for backend in BACKENDS]


async def test_failed_calls_are_counted(http: httpx.AsyncClient, crm: httpx.AsyncClient) -> None:
    await crm.get("/v2/customers")  # and the fixture's token
    await http.get("/shop/orders")
    await http.get("/inventory?wsdl")
    await put(http, backend="billing", fault="status", status=503)
    await http.post("/billing")
    await http.get("/nowhere")
    assert await counts(http) == {"crm": 2, "shop": 1, "catalog": 0, "inventory": 1, "billing": 1, "marketing": 0}
    assert (await http.delete("/_sandbox/requests")).status_code == 204
    assert set((await counts(http)).values()) == {0}


async def test_call_delayed_by_a_fault_is_counted_on_arrival(http: httpx.AsyncClient) -> None:
    await put(http, backend="marketing", fault="latency", seconds=600)
    hanging = asyncio.create_task(http.get("/marketing/engagement"))
    async with asyncio.timeout(5):
        while not (await counts(http))["marketing"]:
            pass
    assert not hanging.done()
    hanging.cancel()


async def test_new_fault_replaces_the_backends_previous_fault(http: httpx.AsyncClient) -> None:
    assert (await put(http, backend="crm", fault="html")).status_code == 201
    second = await put(http, backend="crm", fault="status", status=503, times=2, only="data")
    assert second.status_code == 201
    assert await listed(http) == [second.json()]
    assert second.json() == {"backend": "crm", "fault": "status", "status": 503, "times": 2, "only": "data"}


async def test_faults_are_cleared_for_one_backend_or_all(http: httpx.AsyncClient) -> None:
    for backend in BACKENDS[:3]:
        await put(http, backend=backend, fault="html")
    assert (await http.delete("/_sandbox/faults", params={"backend": "shop"})).status_code == 204
    assert [fault["backend"] for fault in await listed(http)] == ["crm", "catalog"]
    assert (await http.delete("/_sandbox/faults", params={"backend": "shop"})).status_code == 204
    assert (await http.delete("/_sandbox/faults")).status_code == 204
    assert await listed(http) == []


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"backend": "erp", "fault": "html"}, "backend must be one of crm, shop"),
        ({"fault": "html"}, "backend must be one of crm, shop"),
        ({"backend": "crm"}, "fault must be one of latency, status"),
        ({"backend": "crm", "fault": "flood"}, "fault must be one of latency, status"),
        ({"backend": "crm", "fault": "latency"}, "seconds is needed for latency"),
        ({"backend": "crm", "fault": "latency", "seconds": "1"}, "seconds must be a number from 0 to 3600"),
        ({"backend": "crm", "fault": "latency", "seconds": True}, "seconds must be a number from 0 to 3600"),
        ({"backend": "crm", "fault": "status"}, "status is needed for status"),
        ({"backend": "crm", "fault": "status", "status": 99}, "status must be a whole number from 200 to 599"),
        ({"backend": "crm", "fault": "html", "seconds": 1}, "seconds means nothing to html; it takes only, times"),
        ({"backend": "crm", "fault": "html", "times": 0}, "times must be a whole number from 1"),
        ({"backend": "crm", "fault": "html", "only": "tokens"}, 'only must be "data"'),
        ({"backend": "crm", "fault": "soap-fault"}, "backend of soap-fault must be one of inventory, billing"),
        ({"backend": "billing", "fault": "soap-fault", "status": 400}, "status must be 200 or 500"),
        ({"backend": "crm", "fault": "graphql-error"}, "backend of graphql-error must be one of catalog"),
        ({"backend": "catalog", "fault": "graphql-error", "status": 500}, "status must be 200 or 400"),
        ({"backend": "shop", "fault": "expired-token"}, "backend of expired-token must be one of crm, not 'shop'"),
    ],
)
async def test_invalid_fault_is_rejected_with_the_valid_choices(
    http: httpx.AsyncClient, fault: dict[str, object], message: str
) -> None:
    reply = await put(http, **fault)
    assert reply.status_code == 400
    assert reply.json()["error"].startswith(message)
    assert (reply.json()["backends"], reply.json()["faults"]) == (BACKENDS, FAULTS)
    assert await listed(http) == []


async def test_sandbox_rejects_malformed_json_and_unknown_backends_and_paths(http: httpx.AsyncClient) -> None:
    assert (await http.post("/_sandbox/faults", content=b"{")).status_code == 400
    assert (await http.delete("/_sandbox/faults", params={"backend": "erp"})).status_code == 400
    assert (await http.get("/_sandbox/weather")).status_code == 404
    nowhere = await http.get("/erp/orders")
    assert (nowhere.status_code, nowhere.json()["backends"]) == (404, BACKENDS)
