"""Six backends, each in every kind of trouble: the right code at the right places, and the rest of the answer whole."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from sandbox.credentials import variables
from tests.e2e.gateway import BACKENDS, Gateway, calls, gateway

pytestmark = pytest.mark.anyio

QUERY = """{
  crm: customer(id: "10002") { number }
  shop: order(id: "SO-100002") {
    number
    customer { number marketing: engagement { score } }
    lines { quantity product { sku inventory: stock { onHand } } }
  }
  catalog: product(id: "00012345") { sku }
  billing: invoice(id: "2026-000001") { number total { amount } }
}"""
"""Every backend's own fields stand under its name, and need no backend but those around them."""

OPERATIONS = {
    "crm": "customers",
    "shop": "orders",
    "catalog": "products",
    "inventory": "stock",
    "billing": "invoices",
    "marketing": "engagement",
}
INSTANT: dict[str, tuple[dict[str, Any], str, bool]] = {
    "reset": ({}, "BACKEND_UNAVAILABLE", True),
    "truncate": ({}, "BACKEND_UNAVAILABLE", True),
    "status": ({"status": 503}, "BACKEND_UNAVAILABLE", True),
    "html": ({}, "BACKEND_BAD_REPLY", False),
    "garbage": ({}, "BACKEND_BAD_REPLY", False),
}
STATUSES = {
    500: "BACKEND_UNAVAILABLE",
    502: "BACKEND_UNAVAILABLE",
    504: "BACKEND_TIMEOUT",
    429: "BACKEND_BUSY",
    403: "BACKEND_CREDENTIALS",
    400: "BACKEND_REJECTED",
    302: "BACKEND_BAD_REPLY",
}
SLOW: dict[str, dict[str, Any]] = {"latency": {"seconds": 30}, "drip": {}}
LEAKS = (
    "Traceback",
    "Error:",
    "127.0.0.1",
    "httpx",
    "zeep",
    "lxml",
    "msgspec",
    "html",
    "Server",
    "available",
    "status",
)
"""Words of exceptions, of backends and of libraries; no message of ours has them."""


def without(backend: str, data: Any) -> Any:
    """The answer as it is when this backend does not answer."""
    if isinstance(data, dict):
        return {name: None if name == backend else without(backend, value) for name, value in data.items()}
    return [without(backend, value) for value in data] if isinstance(data, list) else data


def places(backend: str, data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of this backend's fields."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in items:
        if step == backend:
            yield (*path, step)
        else:
            yield from places(backend, value, (*path, step))


@pytest.fixture
async def whole(graph: Gateway) -> dict[str, Any]:
    """The answer when all is well. The shared sandbox gives the same rows to every graph."""
    return await graph.ask(QUERY)


async def assert_only_its_fields_are_gone(
    graph: Gateway, whole: dict[str, Any], backend: str, code: str, *, retryable: bool
) -> None:
    answer = await graph.answer(QUERY)
    assert answer["data"] == without(backend, deepcopy(whole))
    assert sorted(map(str, (tuple(error["path"]) for error in answer["errors"]))) == sorted(
        map(str, places(backend, whole))
    )
    for error in answer["errors"]:
        told = dict(error["extensions"])
        told.pop("retryAfter", None)
        assert told == {
            "code": code,
            "retryable": retryable,
            "requestId": "r-1",
            "backend": backend,
            "operation": OPERATIONS[backend],
        }
        assert not [word for word in LEAKS if word in error["message"]], error["message"]
    assert set(answer) == {"data", "errors"}


@pytest.mark.parametrize("fault", INSTANT)
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_broken_backend_takes_only_its_own_fields_down(
    shared_sandbox: str, whole: dict[str, Any], backend: str, fault: str
) -> None:
    how, code, retryable = INSTANT[fault]
    async with gateway(shared_sandbox) as graph:
        await graph.suffer(backend, fault, **how)
        try:
            await assert_only_its_fields_are_gone(graph, whole, backend, code, retryable=retryable)
        finally:
            await graph.recover()
        assert await graph.ask(QUERY) == whole  # the errors of a moment are not remembered


@pytest.mark.parametrize("fault", SLOW)
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_slow_backend_is_not_waited_for(
    shared_sandbox: str, whole: dict[str, Any], backend: str, fault: str
) -> None:
    async with gateway(shared_sandbox, GRAPHFOLD_CALL_TIMEOUT="0.3") as graph:
        await graph.ask('{ customer(id: "10200") { name } }')  # a token
        await graph.suffer(backend, fault, **SLOW[fault])
        try:
            async with asyncio.timeout(5):
                await assert_only_its_fields_are_gone(graph, whole, backend, "BACKEND_TIMEOUT", retryable=True)
        finally:
            await graph.recover()


@pytest.mark.parametrize("status", STATUSES)
async def test_what_a_status_means(shared_sandbox: str, status: int) -> None:
    """For all backends at once, the token's endpoint spared: what it refuses are our credentials."""
    async with gateway(shared_sandbox) as graph:
        for backend in BACKENDS:
            await graph.suffer(backend, "status", status=status, only="data")
        try:
            answer = await graph.answer(QUERY)
        finally:
            await graph.recover()
    codes = {error["extensions"]["backend"]: error["extensions"]["code"] for error in answer["errors"]}
    assert codes == dict.fromkeys(("crm", "shop", "catalog", "billing"), STATUSES[status])


@pytest.mark.parametrize("status", [500, 200])
@pytest.mark.parametrize("backend", ["inventory", "billing"])
async def test_a_fault_is_an_error_whatever_its_status(
    shared_sandbox: str, whole: dict[str, Any], backend: str, status: int
) -> None:
    async with gateway(shared_sandbox) as graph:
        await graph.suffer(backend, "soap-fault", status=status)
        try:
            await assert_only_its_fields_are_gone(graph, whole, backend, "BACKEND_UNAVAILABLE", retryable=True)
        finally:
            await graph.recover()


@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_dead_backend_takes_only_its_own_fields_down(
    shared_sandbox: str, whole: dict[str, Any], backend: str
) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # ours, but nobody listens
        nobody = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        async with gateway(shared_sandbox, **{f"GRAPHFOLD_{backend.upper()}_URL": nobody}) as graph:
            await assert_only_its_fields_are_gone(graph, whole, backend, "BACKEND_UNAVAILABLE", retryable=True)


@pytest.mark.parametrize("backend", BACKENDS)
async def test_wrong_credentials_are_ours_to_mend(shared_sandbox: str, whole: dict[str, Any], backend: str) -> None:
    secrets = [name for name in variables("") if name.startswith(f"GRAPHFOLD_{backend.upper()}_")][-1:]
    wrong = dict.fromkeys(secrets, "not-the-secret")
    async with gateway(shared_sandbox, **wrong) as graph:
        await assert_only_its_fields_are_gone(graph, whole, backend, "BACKEND_CREDENTIALS", retryable=False)
        assert "not-the-secret" not in json.dumps(await graph.answer(QUERY))


async def test_with_every_backend_broken_there_is_still_an_answer(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox) as graph:
        for backend in BACKENDS:
            await graph.suffer(backend, "garbage")
        try:
            answer = await graph.answer(QUERY)
        finally:
            await graph.recover()
    assert answer["data"] == {"crm": None, "shop": None, "catalog": None, "billing": None}


async def test_an_expired_token_is_renewed_once_however_many_wait(graph: Gateway) -> None:
    customers = [f'c{n}: customer(id: "{10020 + n}") {{ name }}' for n in range(5)]
    lists = [f"l{n}: customers(first: {n + 1}) {{ nodes {{ name }} }}" for n in range(5)]
    await graph.ask('{ customer(id: "10200") { name } }')
    await graph.calls()
    await graph.suffer("crm", "expired-token")
    try:
        await asyncio.gather(*(graph.ask(f"{{ {field} }}") for field in [*customers, *lists]))
        told = await graph.calls()
    finally:
        await graph.recover()
    # customers in five operations, five lists: each is refused and sent again, and between them is one token
    assert told == calls(crm=2 * 10 + 1)


async def test_a_token_that_never_works_is_no_endless_loop(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox) as graph:
        await graph.suffer("crm", "status", status=401, only="data")
        try:
            answer = await graph.answer('{ customer(id: "10001") { name } }')
        finally:
            await graph.recover()
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BACKEND_CREDENTIALS"]
        assert await graph.calls() == calls(crm=4)  # token, data, token, data


async def test_locked_profiles_fail_alone(graph: Gateway) -> None:
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


async def test_one_bad_invoice_number_among_many_fails_alone(graph: Gateway) -> None:
    numbers = [f"2026-{n:06d}" for n in range(1, 13)]
    numbers[5] = "2026-999999"
    fields = [f'i{place}: invoice(id: "{number}") {{ number }}' for place, number in enumerate(numbers)]
    answer = await graph.answer(f"{{ {' '.join(fields)} }}")
    expected = {f"i{place}": {"number": number} for place, number in enumerate(numbers)} | {"i5": None}
    assert answer["data"] == expected
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [(["i5"], "NOT_FOUND")]


async def test_one_call_that_fails_among_many_fails_alone(shared_sandbox: str) -> None:
    async with gateway(shared_sandbox, GRAPHFOLD_BILLING_RETRIES="0") as graph:
        await graph.suffer("billing", "reset", times=1)
        answer = await graph.answer("{ customers(first: 10) { nodes { invoices(first: 1) { totalCount } } } }")
        nodes = answer["data"]["customers"]["nodes"]
        assert sum(node["invoices"] is None for node in nodes) == len(answer["errors"]) == 1
        assert (await graph.calls())["billing"] == 10
