"""Run requests against one schema and build their answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any, Protocol

import strawberry
from graphql import GraphQLError
from strawberry.types.graphql import OperationType

from graphfold.composition.connections import max_page_size
from graphfold.extensions import ResponseExtensions, collect_extensions
from graphfold.observer import Observer, Observers, OperationEvent, notify
from graphfold.operation.answer import Answer
from graphfold.operation.context import Request
from graphfold.operation.documents import Documents
from graphfold.operation.fast_path import FastPath
from graphfold.operation.masking import log_covered_errors, mask_errors
from graphfold.settings import Settings

__all__ = ["OperationRunner"]

_SUBSCRIPTIONS = (OperationType.SUBSCRIPTION,)


class _Result(Protocol):
    """An execution result of graphql-core or Strawberry; only Strawberry's has extensions."""

    @property
    def data(self) -> dict[str, Any] | None: ...
    @property
    def errors(self) -> list[GraphQLError] | None: ...


class _Announcements(Observer):
    """Counts the subscription events that the executor has announced."""

    def __init__(self) -> None:
        self.count = 0

    def operation_started(self, event: OperationEvent) -> None:
        self.count += 1


class OperationRunner:
    """Runs the operations of one schema. Errors, ours included, become part of the answer; nothing is raised."""

    def __init__(self, schema: strawberry.Schema, documents: Documents, settings: Settings) -> None:
        self._schema, self._documents, self._settings = schema, documents, settings
        self.fast_path = FastPath(schema, documents)

    async def execute(
        self,
        request: Request,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        allowed: Sequence[OperationType],
    ) -> Answer:
        """Run one query or mutation whose kind is `allowed`."""
        event = self._notify_started(request.observers, request.request_id, query, operation_name)
        with self._collecting() as notes:
            try:
                answer = self._answer(
                    await self._result(request, query, variables, operation_name, allowed), request.request_id
                )
            except Exception as error:
                answer = self._failure(error, request.request_id)
            except BaseException:  # cancelled: there is no answer, but observers must not wait for the end
                if event is not None:
                    event.cancelled, event.ended = True, perf_counter()
                    notify(request.observers.operation_ended, event)
                raise
        if event is not None:
            _notify_ended(request.observers, event, answer)
        return _with_notes(answer, notes, request.request_id)

    async def subscribe(
        self, request: Request, query: str, variables: Mapping[str, Any] | None, operation_name: str | None
    ) -> AsyncGenerator[Answer, None]:
        """Yield an answer for each event of a subscription, or a single one that says why there is none.

        An event gets a scope, a deadline and loaders of its own. An error of the event source ends the subscription
        with an answer that holds the error.
        """
        announcements = _Announcements()
        if request.observers.observes_operations:
            request = replace(request, observers=request.observers.with_observer(announcements))
        stream: Any = await self._schema.stream(
            query,
            variable_values=dict(variables or {}),
            context_value=request,
            operation_name=operation_name,
            allowed_operation_types=_SUBSCRIPTIONS,
        )
        results: AsyncGenerator[_Result, None] = stream  # without @defer and @stream no incremental frames
        async with aclosing(results):
            ended = False
            while not ended:
                # Set and reset between two yields: a consumer may resume this generator in another context.
                with self._collecting() as notes:
                    announced = announcements.count
                    try:
                        answer = self._answer(await anext(results), request.request_id)
                    except StopAsyncIteration:
                        return
                    except Exception as error:
                        answer, ended = self._failure(error, request.request_id), True
                if announcements.count == announced:  # it failed before an event was executed
                    self._notify_refused(request, query, operation_name, answer)
                yield _with_notes(answer, notes, request.request_id)

    def reject(
        self, error: Exception, request_id: str, query: str, operation_name: str | None, observers: Observers
    ) -> Answer:
        """Return the answer of a request that failed before it could run, such as one without a viewer."""
        event = self._notify_started(observers, request_id, query, operation_name)
        answer = self._failure(error, request_id)
        if event is not None:
            _notify_ended(observers, event, answer)
        return answer

    def _failure(self, error: Exception, request_id: str) -> Answer:
        """Return the answer of an operation that raised instead of giving a result."""
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
        return self._masked(None, [located], {}, request_id)

    async def _result(
        self,
        request: Request,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        allowed: Sequence[OperationType],
    ) -> _Result:
        if self.fast_path.open:
            return await self.fast_path.execute(
                query, variables, request, operation_name, [kind.value for kind in allowed]
            )
        return await self._schema.execute(
            query,
            variable_values=dict(variables or {}),
            context_value=request,
            operation_name=operation_name,
            allowed_operation_types=allowed,
        )

    def _notify_refused(self, request: Request, query: str, operation_name: str | None, answer: Answer) -> None:
        event = self._notify_started(request.observers, request.request_id, query, operation_name)
        if event is not None:
            _notify_ended(request.observers, event, answer)

    def _notify_started(
        self, observers: Observers, request_id: str, query: str, operation_name: str | None
    ) -> OperationEvent | None:
        if not observers.observes_operations:
            return None
        operation = self._documents.operation(query, operation_name)
        kind = operation.operation.value if operation is not None else None
        name = operation.name.value if operation is not None and operation.name is not None else None
        event = OperationEvent(request_id, query, kind, name)
        notify(observers.operation_started, event)
        return event

    def _answer(self, result: _Result, request_id: str) -> Answer:
        extensions = dict(getattr(result, "extensions", None) or {})
        return self._masked(result.data, result.errors or [], extensions, request_id)

    def _masked(
        self,
        data: dict[str, Any] | None,
        errors: Sequence[GraphQLError],
        extensions: dict[str, Any],
        request_id: str,
    ) -> Answer:
        if not errors:
            return Answer(data, [], extensions)
        public = mask_errors(errors, request_id, suggestions=self._documents.development)
        started = data is not None or any(error.path for error in public)
        return Answer(data, [dict(error.formatted) for error in public], extensions, started)

    @contextmanager
    def _collecting(self) -> Iterator[ResponseExtensions]:
        """Collect what resolvers add to the answer's extensions; connections read the largest page meanwhile."""
        page = max_page_size.set(self._settings.max_page_size)
        try:
            with collect_extensions() as notes:
                yield notes
        finally:
            max_page_size.reset(page)


def _with_notes(answer: Answer, notes: ResponseExtensions, request_id: str) -> Answer:
    answer.extensions.update(notes)
    if notes.covered_errors:
        log_covered_errors(notes.covered_errors, request_id)
    return answer


def _notify_ended(observers: Observers, event: OperationEvent, answer: Answer) -> None:
    event.codes = [str(error["extensions"]["code"]) for error in answer.errors]
    event.ended = perf_counter()
    notify(observers.operation_ended, event)
