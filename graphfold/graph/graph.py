"""`Graph`: a project's schema with its adapters and settings; what the server, the CLI and tests drive."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.graphql import OperationType

from graphfold.adapter.base import Adapter
from graphfold.cache.answers import Answers, Question
from graphfold.cache.parts import Parts
from graphfold.checks.startup import check_graph, find_warnings
from graphfold.composition.assembly import assemble
from graphfold.composition.connections import max_page_size
from graphfold.declarations import Declarations, current
from graphfold.errors import Forbidden, GraphError, Unauthenticated
from graphfold.explain.explainer import explain
from graphfold.explain.explanation import Explanation
from graphfold.explain.header import HEADER, ExplainHeader
from graphfold.extensions import collecting
from graphfold.graph.invalidation import checked_keys
from graphfold.graph.project import Project
from graphfold.graph.runtime import Runtime, Transports
from graphfold.operation.answer import Answer
from graphfold.operation.context import Request
from graphfold.operation.documents import Documents
from graphfold.operation.executor import GraphExecutor
from graphfold.operation.fast_path import FastPath
from graphfold.operation.masking import log_covered_errors, mask_errors
from graphfold.operation.viewer_factory import TenantOf, ViewerFactory
from graphfold.settings import BackendSettings, Settings
from graphfold.viewer import Viewer

__all__ = ["Graph", "Probe"]

_READS = (OperationType.QUERY,)
_ALL = (OperationType.QUERY, OperationType.MUTATION)


@dataclass(frozen=True, slots=True)
class Probe:
    """How a backend is now: `seconds` the question took, `message` what it said when it was not well."""

    ok: bool
    seconds: float
    message: str


class Graph:
    """Everything that was declared, as one schema. Raises `Mistake`. Operations run only inside `running()`."""

    def __init__(
        self, project: Project, environment: Mapping[str, str], declarations: Declarations | None = None
    ) -> None:
        self.declarations = declarations or current()
        self.project, self.title = project, project.title
        self.settings = Settings.read(environment)
        self.adapters: tuple[type[Adapter], ...] = tuple(self.declarations.adapters)
        self.backends = {adapter.name: BackendSettings.read(adapter.name, environment) for adapter in self.adapters}
        self.documents = Documents(self.settings)
        self.schema: strawberry.Schema = assemble(self.declarations, self.documents.extension, GraphExecutor)
        self._viewers = ViewerFactory(self.adapters)
        self._fast_path = FastPath(self.schema, self.documents)
        check_graph(self.schema, self.declarations)
        self.runtime: Runtime | None = None

    @property
    def tenant_of(self) -> TenantOf:
        """From a client's headers, the company or account it belongs to. Set it to use `share="tenant"`."""
        return self._viewers.tenant_of

    @tenant_of.setter
    def tenant_of(self, tenant_of: TenantOf) -> None:
        self._viewers.tenant_of = tenant_of

    def missing_settings(self) -> list[str]:
        """The variables that must be set before the graph is ready: those of every critical backend."""
        critical = [adapter for adapter in self.adapters if adapter.manifest.critical]
        return [variable for adapter in critical for variable in self.missing(adapter)]

    def missing(self, adapter: type[Adapter]) -> list[str]:
        """The variables that must be set before this backend can be called."""
        return self.backends[adapter.name].missing(adapter.needs())

    def problems(self) -> list[str]:
        """What would go wrong or be slow, found without a request: one text each."""
        return find_warnings(self.schema, self.declarations)

    @asynccontextmanager
    async def running(
        self,
        *,
        transports: Transports | None = None,
        timer: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> AsyncIterator[Graph]:
        """Open connections and caches; close them at the end.

        `transports`, `timer` (seconds, for what is remembered) and `chance` (from 0 to 1) are what tests replace.
        """
        runtime = Runtime(self.adapters, self.settings, self.backends, transports, timer, chance)
        try:
            await runtime.open()
            self.runtime = runtime
            yield self
        finally:
            self.runtime = None
            await runtime.close()

    async def execute(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
        mutations: bool = True,
        seconds: float | None = None,
        viewer: Viewer | None = None,
    ) -> Answer:
        """Run one operation. Never raises for what a client or a backend does: the answer says it.

        `headers` are the client's, names in lower case; `mutations=False` refuses them (GET requests). In development
        the header `graphfold-explain: plan, trace` adds both to the answer's `extensions`. `seconds` is how long the
        client wants to wait; the setting for it may say less. `viewer` is who they say asks, where that is known.
        """
        headers, request_id = headers or {}, request_id or uuid.uuid4().hex
        insight = None
        if self.documents.development and HEADER in headers:
            insight = ExplainHeader(self.explain, headers[HEADER], query, variables, operation_name)
        runtime, trace = self._running(), insight.trace if insight else None
        try:
            viewer = viewer or self._viewers.viewer(headers)
        except Exception as error:  # of the function that tells tenants
            return self._told(None, [_located(error)], {}, request_id)
        request = Request(runtime, viewer, request_id, headers, trace, Parts(), seconds)
        page = max_page_size.set(self.settings.max_page_size)
        try:
            with collecting() as notes:
                answer = await self._answer(request, query, variables, operation_name, _ALL if mutations else _READS)
        finally:
            max_page_size.reset(page)
        answer.extensions.update(notes)
        if notes.covered:
            log_covered_errors(notes.covered, request.request_id)
        if insight is not None:
            answer.extensions.update(insight.extensions)
        if answer.data is not None and not answer.errors and not answer.extensions:
            answer.parts = request.parts
        return answer

    @property
    def answers(self) -> Answers | None:
        """Whole answers that are kept while the graph runs."""
        return self.runtime.answers if self.runtime is not None else None

    def question(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, headers: Mapping[str, str]
    ) -> tuple[Question, Viewer] | None:
        """Under what the answer to a request is kept, and who asks; None where it has to run.

        It has to where it is to be explained, where an extension was added that may want to see each operation, and
        where who asks cannot be told: the answer says that.
        """
        if not self._fast_path.open or (self.documents.development and HEADER in headers):
            return None
        try:
            viewer = self._viewers.viewer(headers)
            return Question(query, variables, operation_name, viewer.key, viewer.tenant), viewer
        except Exception:
            return None

    def forget(self, operation: str, keys: Iterable[Any] | None) -> None:
        """Keys of an operation such as `crm.customers` have changed, all of them with None. Nothing is checked."""
        if self.runtime is not None:
            self.runtime.forget(operation, keys)

    def invalidate(self, backend: str, operation: str, keys: Sequence[Any] | None) -> None:
        """The same in the words of somebody outside. Raises BAD_INPUT where a name or a key cannot be."""
        known = checked_keys(self.adapters, backend, operation, keys)
        self.forget(f"{backend}.{operation}", known)

    def explain(
        self, query: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
    ) -> Explanation:
        """What an operation would ask of the backends; it need not be running. Raises `Unexplained`."""
        return explain(self, query, variables, operation_name)

    async def probe(self, adapter: type[Adapter]) -> Probe:
        """Ask a backend something cheap, now."""
        runtime, started = self._running(), perf_counter()
        try:
            await runtime.probe(adapter)
        except (Unauthenticated, Forbidden):  # it asks who the caller is, and there is none
            return Probe(ok=True, seconds=perf_counter() - started, message="")
        except GraphError as error:
            told = f"{error.message} ({error.internal})" if error.internal else error.message
            return Probe(ok=False, seconds=perf_counter() - started, message=told)
        return Probe(ok=True, seconds=perf_counter() - started, message="")

    def state(self) -> dict[str, Any]:
        """How each backend is for this process, while it runs: breakers, places, budget, quota, how long calls take."""
        return self._running().state()

    def app(self, *, development: bool = False, timer: Callable[[], float] = time.monotonic) -> Any:
        """The graph as an ASGI application. `timer` is what tests replace."""
        from graphfold.server.app import create_app  # FastAPI takes long to load, and scripts need no server

        return create_app(self, development=development, timer=timer)

    async def _answer(
        self,
        request: Request,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        allowed: tuple[OperationType, ...],
    ) -> Answer:
        try:
            result = await self._executed(request, query, variables, operation_name, allowed)
            data, errors = result.data, result.errors or []
            extensions = dict(getattr(result, "extensions", None) or {})
        except Exception as error:
            data, extensions = None, {}
            errors = [_located(error)]
        return self._told(data, errors, extensions, request.request_id)

    def _told(
        self,
        data: dict[str, Any] | None,
        errors: Sequence[GraphQLError],
        extensions: dict[str, Any],
        request_id: str,
    ) -> Answer:
        """What the client may read of it."""
        if not errors:
            return Answer(data, [], extensions)
        told = mask_errors(errors, request_id, suggestions=self.documents.development)
        started = data is not None or any(error.path for error in told)
        return Answer(data, [_formatted(error) for error in told], extensions, started)

    async def _executed(
        self,
        request: Request,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        allowed: tuple[OperationType, ...],
    ) -> Any:
        if self._fast_path.open:
            kinds = [kind.value for kind in allowed]
            return await self._fast_path.execute(query, variables, request, operation_name, kinds)
        return await self.schema.execute(
            query,
            variable_values=dict(variables or {}),
            context_value=request,
            operation_name=operation_name,
            allowed_operation_types=allowed,
        )

    def _running(self) -> Runtime:
        if self.runtime is None:
            raise RuntimeError("the graph is not running: use it inside `async with graph.running():`")
        return self.runtime


def _located(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def _formatted(error: GraphQLError) -> dict[str, Any]:
    return dict(error.formatted)
