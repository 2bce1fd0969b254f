"""How a GraphQL request comes to its answer: a kept one, together with others who ask the same, or by running it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import OperationType

from graphfold.cache.answer_cache import AnswerCache, AnswerKey, CachedAnswer
from graphfold.cache.dependencies import AnswerDependencies
from graphfold.deadline import Deadline
from graphfold.operation.answer import Answer
from graphfold.server.admission import Admission
from graphfold.server.departure import unless_gone
from graphfold.server.requestlog import Exchange
from graphfold.server.requests import Asked, Receive, seconds_of
from graphfold.server.responses import Reply, answered, lasting
from graphfold.server.served import Served
from graphfold.viewer import Viewer

__all__ = ["Answering"]


class Answering:
    """For one request: `media` is the media type of the answer. The body has to be read from `receive` already."""

    __slots__ = ("_admission", "_asked", "_exchange", "_graph", "_headers", "_media", "_receive", "_seconds", "_viewer")

    def __init__(
        self,
        graph: Served,
        asked: Asked,
        exchange: Exchange,
        headers: Mapping[str, str],
        media: str,
        receive: Receive,
        admission: Admission,
    ) -> None:
        self._graph, self._asked, self._exchange, self._headers = graph, asked, exchange, headers
        self._media, self._receive, self._admission = media, receive, admission
        self._seconds = seconds_of(headers.get("graphfold-deadline"))
        self._viewer: Viewer | None = None

    async def reply(self, *, mutations: bool) -> Reply:
        """By GET, which never changes anything, caches on the way are told how long the answer is good."""
        reply, dependencies = await self._answer(mutations=mutations)
        return reply if mutations else replace(reply, headers=lasting(self._good(dependencies)))

    def _good(self, dependencies: AnswerDependencies | None) -> float:
        answers, most = self._graph.answers, self._graph.settings.max_age
        return (
            min(answers.public_seconds_left(dependencies), most)
            if answers is not None and dependencies is not None and most
            else 0.0
        )

    async def _answer(self, *, mutations: bool) -> tuple[Reply, AnswerDependencies | None]:
        """The answer, and what it is made of where it may be kept."""
        answers, found = self._graph.answers, None
        if answers is not None and (found := self._question()) is not None:
            question, self._viewer = found
            kept = await self._told(answers, question)
            if kept is not None:
                return self._again(kept), kept.dependencies
        if answers is not None and found is not None and self._is_query():
            return await self._kept(answers, found[0], mutations=mutations)
        reply, _ = await self._admitted(mutations=mutations)
        return reply, None  # a write is never kept, and nobody waits for another's

    async def _told(self, answers: AnswerCache, question: AnswerKey) -> CachedAnswer | None:
        """What is kept, or comes out of the same question that somebody else has asked meanwhile."""
        kept = answers.get(question)
        if kept is None and (other := answers.in_flight(question)) is not None:
            await self._wait(other)
            kept = answers.get(question)
        return kept

    def _question(self) -> tuple[AnswerKey, Viewer] | None:
        asked = self._asked
        return self._graph.answer_key(asked.query, asked.variables, asked.operation_name, self._headers)

    def _is_query(self) -> bool:
        operation = self._graph.documents.operation(self._asked.query, self._asked.operation_name)
        return operation is not None and operation.operation is OperationType.QUERY

    def _again(self, kept: CachedAnswer) -> Reply:
        self._exchange.tells(kept.log_fields)
        return Reply(200, kept.body, self._media)

    async def _wait(self, other: asyncio.Future[None]) -> None:
        """For somebody else's equal question, but no longer than for one's own.

        Where it was in vain, the time that the client gave goes on, and that of the graph begins: it is for a run.
        """
        deadline = Deadline(min(self._seconds or self._graph.settings.deadline, self._graph.settings.deadline))
        await unless_gone(self._receive, asyncio.wait([other], timeout=deadline.remaining()))
        if self._seconds is not None or not other.done():
            self._seconds = max(deadline.remaining(), 0.001)

    async def _kept(
        self, answers: AnswerCache, question: AnswerKey, *, mutations: bool
    ) -> tuple[Reply, AnswerDependencies | None]:
        end = answers.begin(question)
        try:
            reply, answer = await self._admitted(mutations=mutations)
            if answer.dependencies is not None:
                answers.put(question, reply.body, answer.dependencies, self._exchange.asked)
            return reply, answer.dependencies
        finally:
            end()

    async def _admitted(self, *, mutations: bool) -> tuple[Reply, Answer]:
        """A wait to be let in is of the time that the operation has."""
        async with self._admission as waited:
            if waited:
                self._seconds = max((self._seconds or self._graph.settings.deadline) - waited, 0.001)
            return await self._run(mutations=mutations)

    async def _run(self, *, mutations: bool) -> tuple[Reply, Answer]:
        asked, exchange = self._asked, self._exchange
        exchange.asks(asked.query, asked.operation_name, self._graph.documents)
        work = self._graph.execute(
            asked.query,
            asked.variables,
            asked.operation_name,
            headers=self._headers,
            request_id=exchange.request_id,
            mutations=mutations,
            seconds=self._seconds,
            viewer=self._viewer,
        )
        answer = await unless_gone(self._receive, work)
        exchange.codes = [_code(error) for error in answer.errors]
        return answered(answer, self._media), answer


def _code(error: dict[str, Any]) -> str:
    return str(error.get("extensions", {}).get("code", "INTERNAL"))
