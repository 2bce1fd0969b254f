"""Answers one GraphQL request: from the cache of answers, joined to an equal request in flight, or by running it.

A request is looked up, joined or run:

    cache key?          no, or a mutation ------------> admission, execute
      | yes
    cached answer?      yes --> send it
      | no
    equal in flight?    yes --> wait; cached now? yes --> send it
      | no                        | no
      +---------------------------+------------------> admission, execute, cache the answer if possible
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from graphql import OperationType

from graphfold.cache.answer_cache import AnswerCache, AnswerKey
from graphfold.cache.dependencies import AnswerDependencies
from graphfold.deadline import Deadline
from graphfold.operation.answer import Answer
from graphfold.server.admission import Admission
from graphfold.server.client_disconnect import cancel_on_disconnect
from graphfold.server.request_log import RequestRecord
from graphfold.server.requests import GraphQLRequest, Receive, parse_deadline
from graphfold.server.responses import HTTPResponse, cache_headers, graphql_response
from graphfold.server.served_graph import ServedGraph
from graphfold.viewer import Viewer

__all__ = ["RequestHandler"]


class RequestHandler:
    """Handles one request, whose body has been read from `receive`; `media_type` is that of the response."""

    __slots__ = (
        "_admission",
        "_graph",
        "_headers",
        "_media_type",
        "_receive",
        "_record",
        "_request",
        "_seconds",
        "_viewer",
    )

    def __init__(
        self,
        graph: ServedGraph,
        request: GraphQLRequest,
        record: RequestRecord,
        headers: Mapping[str, str],
        media_type: str,
        receive: Receive,
        admission: Admission,
    ) -> None:
        self._graph, self._request, self._record, self._headers = graph, request, record, headers
        self._media_type, self._receive, self._admission = media_type, receive, admission
        self._seconds = parse_deadline(headers.get("graphfold-deadline"))
        self._viewer: Viewer | None = None

    async def respond(self, *, mutations: bool) -> HTTPResponse:
        """Return the response. Without `mutations`, as for GET, it says how long HTTP caches may keep it."""
        response, dependencies = await self._respond(mutations=mutations)
        if mutations:
            return response
        answers, max_age = self._graph.answers, self._graph.settings.max_age
        seconds = (
            min(answers.public_seconds_left(dependencies), max_age)
            if answers is not None and dependencies is not None and max_age
            else 0.0
        )
        return replace(response, headers=cache_headers(seconds))

    async def _respond(self, *, mutations: bool) -> tuple[HTTPResponse, AnswerDependencies | None]:
        """Return the response, and what its answer depends on if it may be cached."""
        graph, request = self._graph, self._request
        answers = graph.answers
        if answers is not None:
            found = graph.answer_key(request.query, request.variables, request.operation_name, self._headers)
            if found is not None:
                key, self._viewer = found
                cached = answers.get(key)
                if cached is None and (in_flight := answers.in_flight(key)) is not None:
                    await self._wait_for(in_flight)
                    cached = answers.get(key)
                if cached is not None:
                    self._record.note_cached(cached.log_fields)
                    return HTTPResponse(200, cached.body, self._media_type), cached.dependencies
                operation = graph.documents.operation(request.query, request.operation_name)
                if operation is not None and operation.operation is OperationType.QUERY:
                    return await self._run_and_cache(answers, key, mutations=mutations)
        # A mutation is neither cached nor joined: each one sent has to run.
        response, _ = await self._admit_and_run(mutations=mutations)
        return response, None

    async def _wait_for(self, in_flight: asyncio.Future[None]) -> None:
        """Wait for an equal request, at most until this request's own deadline.

        If nothing was cached, this request still has to run. The wait then counts against a deadline that the client
        has sent, but the graph's default deadline starts afresh, as it limits the run alone.
        """
        default = self._graph.settings.deadline
        deadline = Deadline(min(self._seconds or default, default))
        # `asyncio.wait`, unlike awaiting the future itself, does not cancel it for the others when this client leaves.
        await cancel_on_disconnect(self._receive, asyncio.wait([in_flight], timeout=deadline.remaining()))
        if self._seconds is not None or not in_flight.done():
            self._seconds = max(deadline.remaining(), 0.001)

    async def _run_and_cache(
        self, answers: AnswerCache, key: AnswerKey, *, mutations: bool
    ) -> tuple[HTTPResponse, AnswerDependencies | None]:
        """Run a query that equal requests can join meanwhile, and cache its answer if its dependencies allow it."""
        end = answers.begin(key)
        try:
            response, answer = await self._admit_and_run(mutations=mutations)
            if answer.dependencies is not None:
                answers.put(key, response.body, answer.dependencies, self._record.operation)
            return response, answer.dependencies
        finally:
            end()  # even after an error, as equal requests wait for it

    async def _admit_and_run(self, *, mutations: bool) -> tuple[HTTPResponse, Answer]:
        """Run the operation once it is admitted. Time spent queueing counts against its deadline."""
        graph, request = self._graph, self._request
        async with self._admission as waited:
            if waited:
                # Never 0, which would mean that the client has sent no deadline.
                self._seconds = max((self._seconds or graph.settings.deadline) - waited, 0.001)
            execution = graph.execute(
                request.query,
                request.variables,
                request.operation_name,
                headers=self._headers,
                request_id=self._record.request_id,
                mutations=mutations,
                seconds=self._seconds,
                viewer=self._viewer,
            )
            answer = await cancel_on_disconnect(self._receive, execution)
            return graphql_response(answer, self._media_type), answer
