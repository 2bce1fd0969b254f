"""Users who ask without a pause to speak of, and look closely at every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import nan
from statistics import quantiles
from typing import Any

import httpx

from tests.soak.fault_schedule import Weather
from tests.soak.queries import Question, Questions, mistaken

__all__ = ["Record", "Users"]

PATIENCE = 20.0
"""Seconds after which an answer is taken for one that never comes: twice what an operation may take."""

FEW = 100
"""With fewer answers their p99 says nothing."""


@dataclass
class Record:
    """What was seen in one stretch of time. `clear` are the seconds that questions took which no fault can concern."""

    asked: int = 0
    failed: int = 0
    clear: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        return quantiles(self.clear, n=100)[98] if len(self.clear) >= FEW else nan


class Users:
    """As many as `questions` are for, each with questions and a name of its own, all with a pause of `pause` seconds
    after each answer. `client` is at the gateway.
    """

    def __init__(
        self, client: httpx.AsyncClient, weather: Weather, questions: Questions, *, pause: float = 0.05
    ) -> None:
        self._client, self._weather, self._questions, self._pause = client, weather, questions, pause

    async def ask(self, seconds: float) -> Record:
        """For so long, until the last answer is there."""
        record, end = Record(), asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as all_of_them:
            for user in range(self._questions.many):
                all_of_them.create_task(self._one(user, record, end))
        return record

    async def _one(self, user: int, record: Record, end: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            await self._ask(user, record, self._questions.next(user))
            await asyncio.sleep(self._pause)

    async def _ask(self, user: int, record: Record, question: Question) -> None:
        loop = asyncio.get_running_loop()
        record.asked, start = record.asked + 1, loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self.told(question, f"user-{user}")
        except TimeoutError:
            record.problems.append(f"no answer in {PATIENCE:.0f} s: {question.query} {question.variables}")
            return
        if not question.backends & self._weather.victims:
            record.clear.append(loop.time() - start)
        errors = answer.get("errors", [])
        if errors:
            record.failed += 1
        else:
            question.done()
        paths = [error.get("path", []) for error in errors]
        about = f"user-{user}, {question.variables}"
        record.problems += [f"{about}: {text}" for text in self._unexpected(errors, question, start)]
        record.problems += [f"{about}: {text}" for text in mistaken(answer.get("data"), question.answer, paths)]

    async def told(self, question: Question, name: str) -> dict[str, Any]:
        body = {"query": question.query, "variables": question.variables}
        reply = await self._client.post("/graphql", json=body, headers={"authorization": f"Bearer {name}"})
        answer: dict[str, Any] = reply.json()
        return answer

    def _unexpected(self, errors: Sequence[dict[str, Any]], question: Question, start: float) -> list[str]:
        """Errors where no fault was."""
        told = []
        for error in errors:
            backend = error["extensions"].get("backend")
            blamed = [backend] if backend else question.backends
            if not self._weather.troubled(blamed, start, asyncio.get_running_loop().time()):
                told.append(f"{error['extensions']['code']} of {backend} without a fault")
        return told
