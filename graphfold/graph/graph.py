"""`Graph`: a project's schema with its adapters and settings. The server, the CLI and tests drive it."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import strawberry
from strawberry.types.graphql import OperationType

from graphfold.adapter.base import Adapter
from graphfold.cache.answer_cache import AnswerCache, AnswerKey
from graphfold.cache.dependencies import AnswerDependencies
from graphfold.cache.second_tier import SecondTier
from graphfold.checks.startup import check_graph, find_warnings
from graphfold.composition.assembly import assemble
from graphfold.declarations import Declarations, current_declarations
from graphfold.errors import Forbidden, GraphError, Unauthenticated
from graphfold.explain.explainer import explain
from graphfold.explain.explanation import Explanation
from graphfold.explain.header import HEADER, ExplainHeader
from graphfold.graph.invalidation import checked_keys
from graphfold.graph.project import Project
from graphfold.graph.runtime import Runtime, Transports
from graphfold.observer import NO_OBSERVERS, Observer
from graphfold.operation.answer import Answer
from graphfold.operation.context import Request
from graphfold.operation.documents import Documents
from graphfold.operation.executor import GraphExecutor
from graphfold.operation.runner import OperationRunner
from graphfold.operation.viewer_factory import TenantOf, ViewerFactory
from graphfold.settings import BackendSettings, Settings
from graphfold.viewer import Viewer

__all__ = ["Graph", "Probe"]

_READS = (OperationType.QUERY,)
_ALL = (OperationType.QUERY, OperationType.MUTATION)


@dataclass(frozen=True, slots=True)
class Probe:
    """The health of a backend: `seconds` is how long the probe took, `message` the error of an unhealthy backend."""

    ok: bool
    seconds: float
    message: str


class Graph:
    """All declared types, resolvers and adapters as one schema. Raises `Mistake` for errors in an author's code.

    Operations run only inside `running()`.
    """

    def __init__(
        self, project: Project, environment: Mapping[str, str], declarations: Declarations | None = None
    ) -> None:
        self.declarations = declarations or current_declarations()
        self.project, self.title = project, project.title
        self.settings = Settings.read(environment)
        self.adapters: tuple[type[Adapter], ...] = tuple(self.declarations.adapters)
        self.backends = {adapter.name: BackendSettings.read(adapter.name, environment) for adapter in self.adapters}
        self.documents = Documents(self.settings)
        self.schema: strawberry.Schema = assemble(self.declarations, self.documents.extension, GraphExecutor)
        self._viewers = ViewerFactory(self.adapters)
        self._runner = OperationRunner(self.schema, self.documents, self.settings)
        check_graph(self.schema, self.declarations)
        self.runtime: Runtime | None = None
        self._observers = NO_OBSERVERS

    @property
    def tenant_of(self) -> TenantOf:
        """From a client's headers, the company or account it belongs to. Set it to use `share="tenant"`."""
        return self._viewers.tenant_of

    @tenant_of.setter
    def tenant_of(self, tenant_of: TenantOf) -> None:
        self._viewers.tenant_of = tenant_of

    def observe(self, observer: Observer) -> None:
        """Add an observer of operations and backend calls. Call it before the graph runs."""
        self._observers = self._observers.with_observer(observer)

    def missing_settings(self) -> list[str]:
        """Return the environment variables that critical backends need and that are not set."""
        critical = [adapter for adapter in self.adapters if adapter.manifest.critical]
        return [variable for adapter in critical for variable in self.missing(adapter)]

    def missing(self, adapter: type[Adapter]) -> list[str]:
        """Return the environment variables that a backend needs and that are not set."""
        return self.backends[adapter.name].missing(adapter.needs())

    def problems(self) -> list[str]:
        """Return a text for each thing that works but should be improved, found without a request."""
        return find_warnings(self.schema, self.declarations)

    @asynccontextmanager
    async def running(
        self,
        *,
        transports: Transports | None = None,
        timer: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        second_tier: SecondTier | None = None,
    ) -> AsyncIterator[Graph]:
        """Open connections and caches, and close them at the end.

        Tests replace `transports`, `timer` (the caches' clock, in seconds) and `chance` (a random number from 0 to 1).
        `second_tier` is a cache shared with other processes, behind the process's own.
        """
        runtime = Runtime(
            self.adapters, self.settings, self.backends, transports, timer, chance, self._observers, second_tier
        )
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
        """Run one query or mutation. Errors of clients and backends are part of the answer; none is raised.

        `headers` are the client's, names in lower case. `mutations=False` refuses mutations (GET requests). In
        development the header `graphfold-explain: plan, trace` adds both to the answer's extensions. `seconds` is the
        time that the client allows; the setting is an upper bound. `viewer` replaces the viewer made from the headers.
        """
        headers, request_id = headers or {}, request_id or uuid.uuid4().hex
        explanation = None
        if self.documents.development and HEADER in headers:
            explanation = ExplainHeader(self.explain, headers[HEADER], query, variables, operation_name)
        observers = self._observers
        if explanation is not None and explanation.trace is not None:
            observers = observers.with_observer(explanation.trace)
        runtime = self._running()
        try:
            viewer = viewer or self._viewers.viewer(headers)
        except Exception as error:  # of the application's `tenant_of`
            return self._runner.reject(error, request_id, query, operation_name, self._observers)
        request = Request(runtime, viewer, request_id, headers, observers, AnswerDependencies(), seconds)
        answer = await self._runner.execute(request, query, variables, operation_name, _ALL if mutations else _READS)
        if explanation is not None:
            answer.extensions.update(explanation.extensions)
        if answer.data is not None and not answer.errors and not answer.extensions:
            answer.dependencies = request.dependencies
        return answer

    async def subscribe(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        request_id: str | None = None,
        seconds: float | None = None,
        viewer: Viewer | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: yield an answer for each event. Errors are part of the answers; none is raised.

        Each event has loaders and a deadline of its own; `seconds` is the time for one event. A request that is refused
        gives one answer, which says why. Close the generator (`contextlib.aclosing`) to end the subscription early. The
        other parameters are those of `execute`.
        """
        headers, request_id = headers or {}, request_id or uuid.uuid4().hex
        runtime = self._running()
        try:
            viewer = viewer or self._viewers.viewer(headers)
        except Exception as error:  # of the application's `tenant_of`
            yield self._runner.reject(error, request_id, query, operation_name, self._observers)
            return
        request = Request(runtime, viewer, request_id, headers, self._observers, seconds=seconds)
        async with aclosing(self._runner.subscribe(request, query, variables, operation_name)) as answers:
            async for answer in answers:
                yield answer

    @property
    def answers(self) -> AnswerCache | None:
        """The cache of whole answers, while the graph runs; None if it is switched off."""
        return self.runtime.answers if self.runtime is not None else None

    def answer_key(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, headers: Mapping[str, str]
    ) -> tuple[AnswerKey, Viewer] | None:
        """Return the answer cache's key for a request, with its viewer; None if the request must run.

        It must if it asks for an explanation, if an added extension may have to see each operation, and if making the
        viewer fails, because the answer then has to say so.
        """
        if not self._runner.fast_path.open or (self.documents.development and HEADER in headers):
            return None
        try:
            viewer = self._viewers.viewer(headers)
            return AnswerKey(query, variables, operation_name, viewer.key, viewer.tenant), viewer
        except Exception:
            return None

    def forget(self, operation: str, keys: Iterable[Any] | None) -> None:
        """Drop the cache entries of a backend operation such as `crm.customers` for these keys; None drops all."""
        if self.runtime is not None:
            self.runtime.forget(operation, keys)

    def invalidate(self, backend: str, operation: str, keys: Sequence[Any] | None) -> None:
        """Like `forget`, but validates untrusted names and keys. Raises `InvalidInput`."""
        known = checked_keys(self.adapters, backend, operation, keys)
        self.forget(f"{backend}.{operation}", known)

    def explain(
        self, query: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None
    ) -> Explanation:
        """Return the backend calls of an operation without running it. Raises `Unexplained` if it would be refused."""
        return explain(self, query, variables, operation_name)

    async def probe(self, adapter: type[Adapter]) -> Probe:
        """Make a cheap call to a backend and return its health."""
        runtime, started = self._running(), perf_counter()
        try:
            await runtime.probe(adapter)
        except (Unauthenticated, Forbidden):  # the backend is up, but wants a caller's credentials
            return Probe(ok=True, seconds=perf_counter() - started, message="")
        except GraphError as error:
            message = f"{error.message} ({error.internal})" if error.internal else error.message
            return Probe(ok=False, seconds=perf_counter() - started, message=message)
        return Probe(ok=True, seconds=perf_counter() - started, message="")

    def state(self) -> dict[str, Any]:
        """Return each backend's circuit breakers, bulkhead, retry budget, quota and latencies in this process."""
        return self._running().state()

    def app(self, *, development: bool = False, timer: Callable[[], float] = time.monotonic) -> Any:
        """Return the graph as an ASGI application. Tests replace `timer`."""
        from graphfold.server.app import create_app  # FastAPI takes long to load, and scripts need no server

        return create_app(self, development=development, timer=timer)

    def _running(self) -> Runtime:
        if self.runtime is None:
            raise RuntimeError("the graph is not running: use it inside `async with graph.running():`")
        return self.runtime
