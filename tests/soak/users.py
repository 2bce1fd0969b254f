"""Users who ask without a pause to speak of, and look closely at every answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from graphfold.graph.graph import Graph
from tests.soak.questions import Question, Questions, mistaken
from tests.soak.weather import Weather

__all__ = ["Record", "Users"]

PATIENCE = 20.0
"""Seconds after which an answer is taken for one that never comes: twice what an operation may take."""


@dataclass
class Record:
    """What was seen in one stretch of time. `clear` are the times of questions that no fault concerned, in seconds."""

    asked: int = 0
    failed: int = 0
    clear: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def p99(self) -> float:
        return quantiles(self.clear, n=100)[98] if len(self.clear) > 1 else 0.0


class Users:
    """`many` of them, each with questions of its own, all with a pause of `pause` seconds after each answer."""

    def __init__(
        self, graph: Graph, weather: Weather, questions: Questions, *, many: int = 8, pause: float = 0.05
    ) -> None:
        self._graph, self._weather, self._questions = graph, weather, questions
        self._many, self._pause = many, pause

    async def ask(self, seconds: float) -> Record:
        """For so long, until the last answer is there."""
        record, end = Record(), asyncio.get_running_loop().time() + seconds
        async with asyncio.TaskGroup() as all_of_them:
            for _ in range(self._many):
                all_of_them.create_task(self._one(record, end))
        return record

    async def _one(self, record: Record, end: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            await self._ask(record, self._questions.next())
            await asyncio.sleep(self._pause)

    async def _ask(self, record: Record, question: Question) -> None:
        loop = asyncio.get_running_loop()
        record.asked, start = record.asked + 1, loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._graph.execute(question.query, {"id": question.key})
        except TimeoutError:
            record.problems.append(f"no answer in {PATIENCE:.0f} s: {question.query} {question.key}")
            return
        took = loop.time() - start
        troubled = self._weather.troubled(question.backends, start, loop.time())
        if not troubled:
            record.clear.append(took)
        record.failed += bool(answer.errors)
        paths = [error.get("path", []) for error in answer.errors]
        record.problems += self._unexpected(answer.errors, question, start)
        record.problems += [f"{question.key}: {text}" for text in mistaken(answer.data, question.answer, paths)]

    def _unexpected(self, errors: Sequence[dict[str, object]], question: Question, start: float) -> list[str]:
        """Errors where no fault was."""
        told = []
        for error in errors:
            extensions = error["extensions"]
            assert isinstance(extensions, dict)
            backend = extensions.get("backend")
            blamed = [backend] if backend else question.backends
            if not self._weather.troubled(blamed, start, asyncio.get_running_loop().time()):
                told.append(f"{question.key}: {extensions['code']} of {backend} without a fault")
        return told
