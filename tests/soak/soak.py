"""A soak: three rounds of calm and storm over the reference graph, and what has to hold afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from math import isnan, nan
from pathlib import Path

import httpx

import graphfold
from graphfold.cli.sandbox import sandbox
from graphfold.testing import FaultProxy
from tests.soak.accounts import accounts, with_accounts
from tests.soak.expected_changes import Reservations
from tests.soak.fault_schedule import AFTER, Weather
from tests.soak.queries import CUSTOMERS, Questions
from tests.soak.resources import Vitals, vitals
from tests.soak.users import Record, Users

__all__ = ["WORST", "Report", "soak"]

ROOT = Path(__file__).parents[2]
WARM = 2.0
"""Seconds in which connections and plans are made: they would make the first calm look slow."""
ROUNDS = 3
VICTIMS = 3
"""Backends that suffer in one round: in three each of the seven has its turn."""
RESERVED = "query($id: ID!) { product(id: $id) { stock { reserved } } }"
COMMAND = f"python -m sandbox --customers {CUSTOMERS} --marketing-delay 0.01 --shop-rate 1000000000"

WORST = 2.0
"""Most by which a storm may slow down what it does not concern: p99 against p99, the best of three rounds."""

GROWTH = 1.25
"""By how much memory may have grown since the first round, when caches were still filling."""


@dataclass
class Report:
    """`problems` is empty where all held; `ratio` is the best round's p99 in a storm against that in the calm."""

    asked: int = 0
    failed: int = 0
    faults: int = 0
    ratios: list[float] = field(default_factory=list)
    rounds: list[Vitals] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Not a number where no round had enough to judge by."""
        return min((ratio for ratio in self.ratios if not isnan(ratio)), default=nan)

    def add(self, record: Record) -> None:
        self.asked += record.asked
        self.failed += record.failed
        self.problems += record.problems

    def __str__(self) -> str:
        first, last = self.rounds[0], self.rounds[-1]
        return (
            f"{self.asked:,} questions, {self.failed:,} with errors, {self.faults} faults, "
            f"{len(self.problems)} problems; p99 of what no fault concerned: {self.ratio:.2f} times the calm one; "
            f"tasks {first.tasks} -> {last.tasks}, descriptors {first.descriptors} -> {last.descriptors}, "
            f"memory {first.memory / 1e6:.0f} -> {last.memory / 1e6:.0f} MB"
        )


async def soak(seconds: float, seed: int = 1) -> Report:
    """About so many seconds, and what it takes to calm down in between."""
    report, before = Report(), vitals()
    async with _gateway() as (client, proxies):
        weather, questions = Weather(proxies, seed), Questions(seed)
        users = Users(client, weather, questions)
        try:
            report.add(await users.ask(WARM))
            for _ in range(ROUNDS):
                await _round(report, users, weather, seconds / ROUNDS / 2)
                report.rounds.append(vitals(proxies.values()))
            report.add(await users.ask(AFTER + 1))  # all is well again, by itself
            report.problems += await _reserved(client, questions.reservations)
        finally:
            questions.close()
        report.faults = weather.faults
    report.problems += _left(report, before, vitals())
    return report


async def _reserved(client: httpx.AsyncClient, reservations: Reservations) -> list[str]:
    told = await client.post("/graphql", json={"query": RESERVED, "variables": {"id": reservations.sku}})
    answer = told.json()
    if "errors" in answer:
        return [f"the calm is not calm: {answer}"]
    return reservations.problems(answer["data"]["product"]["stock"]["reserved"])


async def _round(report: Report, users: Users, weather: Weather, seconds: float) -> None:
    weather.turn(VICTIMS)
    calm = await users.ask(seconds)
    stormy, _ = await asyncio.gather(users.ask(seconds), weather.storm(seconds))
    report.add(calm)
    report.add(stormy)
    report.ratios.append(stormy.p99 / calm.p99)


def _left(report: Report, before: Vitals, after: Vitals) -> list[str]:
    """Signs of a leak."""
    first, last = report.rounds[0], report.rounds[-1]
    found = []
    if after.tasks > before.tasks:
        found.append(f"{after.tasks - before.tasks} tasks are left when the graph has stopped")
    if after.descriptors > before.descriptors:
        found.append(f"{after.descriptors - before.descriptors} descriptors are left when the graph has stopped")
    if last.tasks > first.tasks + 10:
        found.append(f"tasks grow from round to round: {first.tasks} to {last.tasks}")
    if last.memory > GROWTH * first.memory:
        found.append(f"memory grows from round to round: {first.memory:,} to {last.memory:,} bytes")
    return found


@asynccontextmanager
async def _gateway() -> AsyncIterator[tuple[httpx.AsyncClient, Mapping[str, FaultProxy]]]:
    """A client of the gateway over a sandbox in a process of its own and a backend more, a fault proxy before each."""
    async with AsyncExitStack() as stack:
        started = await stack.enter_async_context(sandbox(COMMAND, ROOT, 0))
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
