"""Users that send one query after another and compare every answer with the expected one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from statistics import quantiles
from typing import Any

import httpx

from tests.soak.fault_schedule import FaultSchedule
from tests.soak.queries import CheckedQueries, CheckedQuery, differences

__all__ = ["Record", "Users"]

PATIENCE = 20.0
"""Seconds after which an answer counts as lost: twice what an operation may take."""

FEW = 100
"""The number of answers below which p99 says nothing."""


@dataclass
class Record:
    """The results of one run. `unaffected` are the durations of queries to backends without faults."""

    sent: int = 0
    failed: int = 0
    unaffected: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        return quantiles(self.unaffected, n=100)[98] if len(self.unaffected) >= FEW else nan


class Users:
    """All users that `queries` are for, each with its own name, sending to the gateway at once.

    Each waits for an answer and then `pause` seconds before its next query.
    """

    def __init__(
        self, client: httpx.AsyncClient, schedule: FaultSchedule, queries: CheckedQueries, *, pause: float = 0.05
    ) -> None:
        self._client, self._schedule, self._queries, self._pause = client, schedule, queries, pause

    async def run(self, seconds: float) -> Record:
        """Send queries for so long, and wait for the last answer."""
        record, end = Record(), asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as group:
            for user in range(self._queries.many):
                group.create_task(self._run_one(user, record, end))
        return record

    async def _run_one(self, user: int, record: Record, end: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            await self._send(user, record, self._queries.next(user))
            await asyncio.sleep(self._pause)

    async def _send(self, user: int, record: Record, query: CheckedQuery) -> None:
        loop = asyncio.get_running_loop()
        record.sent, start = record.sent + 1, loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._answer(query, f"user-{user}")
        except TimeoutError:
            record.problems.append(f"no answer in {PATIENCE:.0f} s: {query.document} {query.variables}")
            return
        if not query.backends & self._schedule.victims:
            record.unaffected.append(loop.time() - start)
        errors = answer.get("errors", [])
        if errors:
            record.failed += 1
        else:
            query.done()
        paths = [error.get("path", []) for error in errors]
        prefix = f"user-{user}, {query.variables}"
        record.problems += [f"{prefix}: {text}" for text in self._unexpected(errors, query, start)]
        record.problems += [f"{prefix}: {text}" for text in differences(answer.get("data"), query.answer, paths)]

    async def _answer(self, query: CheckedQuery, name: str) -> dict[str, Any]:
        body = {"query": query.document, "variables": query.variables}
        reply = await self._client.post("/graphql", json=body, headers={"authorization": f"Bearer {name}"})
        answer: dict[str, Any] = reply.json()
        return answer

    def _unexpected(self, errors: Sequence[dict[str, Any]], query: CheckedQuery, start: float) -> list[str]:
        """Return a text for each error that no fault explains."""
        unexpected = []
        for error in errors:
            backend = error["extensions"].get("backend")
            blamed = [backend] if backend else query.backends
            if not self._schedule.had_fault(blamed, start, asyncio.get_running_loop().time()):
                unexpected.append(f"{error['extensions']['code']} of {backend} without a fault")
        return unexpected
