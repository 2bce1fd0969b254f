"""The failure matrix: every backend in every kind of failure, with a query and with a mutation.

Each failure removes only its own fields, in time, with its code, and ends when the fault ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from graphfold.testing import FaultProxy
from sandbox import server
from sandbox.credentials import SHOP_KEYS
from tests.e2e.columns import COMPANY, LIMIT, SHORT, SLACK, Column, column, suffering
from tests.e2e.failures import FAILURES, Failure
from tests.e2e.gateway import BACKENDS, Gateway, reaching, running
from tests.e2e.portions import QUERY, assert_only_its_fields_are_gone
from tests.e2e.writes import WRITTEN, written

pytestmark = pytest.mark.anyio

WARM = """{
  customer(id: "10020") { number engagement { score } }
  order(id: "SO-100020") { number }
  product(id: "00012382") { sku stock { onHand } }
  invoice(id: "2026-000020") { number }
}"""
"""Tokens and open connections, and nothing that the query needs."""

CHANGE = 'updateCustomer(input: {id: "10005", newsletter: true}) { __typename }'
ORDER = """placeOrder(input: {customerId: "10003", lines: [{productId: "00012345", quantity: 1}], idempotencyKey: $key})
  { __typename }"""
MUTATIONS = {
    "crm": f'mutation($key: String = "well") {{ ill: {CHANGE} well: {ORDER} }}',
    "shop": f"mutation($key: String!) {{ ill: {ORDER} well: {CHANGE} }}",
}
CHANGED = {"crm": "CustomerUpdated", "shop": "OrderPlaced"}
MEMBERS = {("crm", "NOT_FOUND"): "UnknownCustomer"}
"""What is no error of a mutation, but a member of its result."""


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def columns() -> AsyncIterator[list[Column]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(column(backend)) for backend in BACKENDS]


@dataclass(frozen=True)
class Outcome:
    """The effects of a failure: the codes of its errors, and the actions of the guard."""

    codes: frozenset[str]
    repeated: bool
    counted: bool


def at(backends: Iterable[str]) -> list[Failure]:
    """The failures of any of these."""
    return [failure for failure in FAILURES if set(failure.backends) & set(backends)]


def expected(failure: Failure) -> Outcome:
    return Outcome(frozenset([failure.code] if failure.code else []), failure.repeated, failure.counted)


def seen(gateway: Gateway, backend: str, answer: dict[str, Any]) -> Outcome:
    """Return what the retry budget reports. The halves of a rejected batch count there, too: they are no retries."""
    state = gateway.graph.state()[backend]
    codes = frozenset(error["extensions"]["code"] for error in answer.get("errors", []))
    repeated = state["retriesLeft"] < 3 and codes != {"BACKEND_REJECTED"}
    return Outcome(codes, repeated, state["breakers"]["default"]["failures"] > 0)


Work = Callable[[Column, Failure], Coroutine[Any, Any, Outcome]]


async def assert_all_end_so(work: Work, columns: Iterable[Column], failure: Failure) -> None:
    """All these columns at once, to the end."""
    async with asyncio.TaskGroup() as together:
        tasks = {column.backend: together.create_task(work(column, failure)) for column in columns}
    assert {backend: task.result() for backend, task in tasks.items()} == dict.fromkeys(tasks, expected(failure))


async def recovered(gateway: Gateway, query: str, answer: dict[str, Any], **given: Any) -> None:
    """Wait until the backend answers again; on a busy machine hasty calls may need several tries."""
    async with asyncio.timeout(SLACK):
        while (last := await gateway.answer(query, **given)) != answer:
            assert {error["extensions"]["code"] for error in last["errors"]} == {"BACKEND_TIMEOUT"}, last


async def warmed(gateway: Gateway) -> None:
    async with asyncio.timeout(SLACK):
        while "errors" in await gateway.answer(WARM):
            pass


async def asked(column: Column, failure: Failure) -> Outcome:
    clock = [0.0]
    async with column.running(failure, lambda: clock[0]) as gateway:
        await warmed(gateway)
        async with suffering(failure, column.backend, column.proxy, gateway.http):
            answer = await gateway.answer(QUERY)
        outcome = seen(gateway, column.backend, answer)
        if failure.code:
            assert_only_its_fields_are_gone(answer, column.whole, column.backend, failure.code)
        else:
            assert answer == {"data": column.whole}
        if failure.code == "BACKEND_REJECTED":  # an answer like others, and kept as long
            clock[0] += 3600
        await recovered(gateway, QUERY, {"data": column.whole})
    return outcome


@pytest.mark.parametrize("failure", FAILURES, ids=str)
async def test_failing_backend_removes_only_its_own_fields_from_a_query(
    columns: list[Column], failure: Failure
) -> None:
    ill = [column for column in columns if column.backend in failure.backends]
    await assert_all_end_so(asked, ill, failure)


async def orders(gateway: Gateway) -> int:
    """Return how many orders the mutation's customer has, as counted by the shop."""
    reply = await gateway.http.get("/shop/orders?customers=10003&limit=0", headers={"x-shop-key": SHOP_KEYS[1]})
    return int(reply.json()["results"][0]["total"])


async def changed(column: Column, failure: Failure) -> Outcome:
    backend, key = column.backend, f"k-{FAILURES.index(failure)}"
    well = {"__typename": next(name for other, name in CHANGED.items() if other != backend)}
    member = MEMBERS.get((backend, failure.code or ""), CHANGED[backend] if failure.code is None else None)
    async with column.running(failure) as gateway:
        await warmed(gateway)
        before = await orders(gateway)
        async with suffering(failure, backend, column.proxy, gateway.http):
            answer = await gateway.answer(MUTATIONS[backend], key=key)
        outcome = seen(gateway, backend, answer)
        assert answer["data"] == {"ill": {"__typename": member} if member else None, "well": well}
        done = {"ill": {"__typename": CHANGED[backend]}, "well": well}
        await recovered(gateway, MUTATIONS[backend], {"data": done}, key=key)
        assert await orders(gateway) - before == 1  # however often it was sent
    return replace(outcome, codes=expected(failure).codes) if member else outcome


@pytest.mark.parametrize("failure", at(MUTATIONS), ids=str)
async def test_retried_mutation_is_applied_once(columns: list[Column], failure: Failure) -> None:
    """Those of the reference graph may be repeated, by the gateway and by its client: the shop goes by their key."""
    ill = [column for column in columns if column.backend in MUTATIONS and column.backend in failure.backends]
    await assert_all_end_so(changed, ill, failure)


@pytest.mark.parametrize("failure", at(WRITTEN), ids=str)
async def test_non_idempotent_write_is_sent_once_when_its_backend_fails(failure: Failure) -> None:
    ill = [backend for backend in WRITTEN if backend in failure.backends]
    async with AsyncExitStack() as stack:
        sandbox = (await stack.enter_async_context(server.running(COMPANY))).url
        proxies = {backend: await stack.enter_async_context(FaultProxy(sandbox)) for backend in ill}
        environment = reaching(sandbox)
        for backend, proxy in proxies.items():
            address = f"GRAPHFOLD_{backend.upper()}_URL"
            environment[address] = environment[address].replace(sandbox, proxy.url)
            environment[f"GRAPHFOLD_{backend.upper()}_CALL_TIMEOUT"] = str(SHORT if failure.slow else LIMIT)
        async with running(written(environment), sandbox) as gateway:
            async with AsyncExitStack() as troubles:
                for backend, proxy in proxies.items():
                    await troubles.enter_async_context(suffering(failure, backend, proxy, gateway.http))
                answers = await asyncio.gather(*(gateway.answer(f"mutation {{ {backend} }}") for backend in ill))
            outcomes = {backend: seen(gateway, backend, answer) for backend, answer in zip(ill, answers, strict=True)}
            assert all(count <= 1 for count in (await gateway.calls()).values())
    assert outcomes == dict.fromkeys(ill, Outcome(expected(failure).codes, repeated=False, counted=failure.counted))
