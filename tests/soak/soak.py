"""A soak of the reference graph: three rounds of load, without and then with faults, and the checks afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path

import httpx

import graphfold
from graphfold.cli.sandbox_process import run_sandbox
from graphfold.testing import FaultProxy
from tests.soak.accounts import accounts, with_accounts
from tests.soak.expected_changes import Reservations
from tests.soak.fault_schedule import AFTER, FaultSchedule
from tests.soak.queries import CUSTOMERS, CheckedQueries
from tests.soak.resources import Resources, resources_in_use
from tests.soak.users import Record, Users

__all__ = ["WORST", "Report", "soak"]

ROOT = Path(__file__).parents[2]
WARM = 2.0
"""Seconds in which connections and plans are made, which would slow down the first round."""
ROUNDS = 3
VICTIMS = 3
"""Backends with faults in one round: in three rounds each of the seven has its turn."""
RESERVED = "query($id: ID!) { product(id: $id) { stock { reserved } } }"
COMMAND = f"python -m sandbox --customers {CUSTOMERS} --marketing-delay 0.01 --shop-rate 1000000000"

WORST = 2.0
"""The most by which faults may slow down queries to other backends: p99 against p99, in the best of three rounds."""

GROWTH = 1.25
"""The factor by which memory may grow from the first round, in which caches still fill, to the last."""


@dataclass
class Report:
    """The result: no `problems` is success. `ratio` is the best round's p99 with faults against that without."""

    sent: int = 0
    failed: int = 0
    faults: int = 0
    ratios: list[float] = field(default_factory=list)
    rounds: list[Resources] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The best ratio of all rounds, or NaN if none had enough queries."""
        return min((ratio for ratio in self.ratios if not isnan(ratio)), default=nan)

    def add(self, record: Record) -> None:
        self.sent += record.sent
        self.failed += record.failed
        self.problems += record.problems

    def __str__(self) -> str:
        first, last = self.rounds[0], self.rounds[-1]
        return (
            f"{self.sent:,} queries, {self.failed:,} with errors, {self.faults} faults, "
            f"{len(self.problems)} problems; p99 of unaffected queries: {self.ratio:.2f} times that without faults; "
            f"tasks {first.tasks} -> {last.tasks}, descriptors {first.descriptors} -> {last.descriptors}, "
            f"memory {first.memory / 1e6:.0f} -> {last.memory / 1e6:.0f} MB"
        )


async def soak(seconds: float, seed: int = 1) -> Report:
    """Run for about so many seconds, and the time that backends take to recover."""
    report, before = Report(), resources_in_use()
    async with _gateway() as (client, proxies):
        schedule, queries = FaultSchedule(proxies, seed), CheckedQueries(seed)
        users = Users(client, schedule, queries)
        try:
            report.add(await users.run(WARM))
            for _ in range(ROUNDS):
                await _round(report, users, schedule, seconds / ROUNDS / 2)
                report.rounds.append(resources_in_use(proxies.values()))
            report.add(await users.run(AFTER + 1))  # by now every backend has recovered without help
            report.problems += await _reserved(client, queries.reservations)
        finally:
            queries.close()
        report.faults = schedule.faults
    report.problems += _leaks(report, before, resources_in_use())
    return report


async def _reserved(client: httpx.AsyncClient, reservations: Reservations) -> list[str]:
    response = await client.post("/graphql", json={"query": RESERVED, "variables": {"id": reservations.sku}})
    answer = response.json()
    if "errors" in answer:
        return [f"an error without a fault: {answer}"]
    return reservations.problems(answer["data"]["product"]["stock"]["reserved"])


async def _round(report: Report, users: Users, schedule: FaultSchedule, seconds: float) -> None:
    schedule.choose_victims(VICTIMS)
    undisturbed = await users.run(seconds)
    faulty, _ = await asyncio.gather(users.run(seconds), schedule.run(seconds))
    report.add(undisturbed)
    report.add(faulty)
    report.ratios.append(faulty.p99 / undisturbed.p99)


def _leaks(report: Report, before: Resources, after: Resources) -> list[str]:
    """Return signs of a leak."""
    first, last = report.rounds[0], report.rounds[-1]
    leaks = []
    if after.tasks > before.tasks:
        leaks.append(f"{after.tasks - before.tasks} tasks are left when the graph has stopped")
    if after.descriptors > before.descriptors:
        leaks.append(f"{after.descriptors - before.descriptors} descriptors are left when the graph has stopped")
    if last.tasks > first.tasks + 10:
        leaks.append(f"tasks grow from round to round: {first.tasks} to {last.tasks}")
    if last.memory > GROWTH * first.memory:
        leaks.append(f"memory grows from round to round: {first.memory:,} to {last.memory:,} bytes")
    return leaks


@asynccontextmanager
async def _gateway() -> AsyncIterator[tuple[httpx.AsyncClient, Mapping[str, FaultProxy]]]:
    """Yield a client of the gateway and the fault proxies before its backends: a sandbox process, and `accounts`."""
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(run_sandbox(COMMAND, ROOT, 0))
        own = await stack.enter_async_context(accounts())
        variables, proxies = {**started.settings, "GRAPHFOLD_ACCOUNTS_URL": own}, dict[str, FaultProxy]()
        for variable, url in variables.items():
            if variable.endswith("_URL"):
                name = variable.removeprefix("GRAPHFOLD_").removesuffix("_URL").lower()
                proxies[name] = await stack.enter_async_context(FaultProxy(url))
                variables[variable] = proxies[name].url
        graph = with_accounts(graphfold.load(ROOT, environment=variables), variables)
        await stack.enter_async_context(graph.running())
        transport = httpx.ASGITransport(graph.app())
        yield (
            await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://gateway")),
            proxies,
        )
