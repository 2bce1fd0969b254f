"""One run of an adapter's operation: in a graph of its own, called by a query as a client would, over a script.

    query { run } -> Graph -> resolver -> the OperationCall of this run -> adapter -> _ScriptedBackend -> BackendScript

The outcome holds everything that a rule may judge: the value or error, the client's answer, the log, the requests, the
time on a virtual clock, and the tasks that were left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import httpx
import strawberry
import structlog

from graphfold.adapter.base import Adapter
from graphfold.composition.decorators import resolves
from graphfold.declarations import declaring
from graphfold.errors import GraphError
from graphfold.graph.graph import Graph
from graphfold.operation.answer import Answer
from graphfold.page import Page
from graphfold.testing.conformance.leak_markers import SECRET_MARKER
from graphfold.testing.conformance.virtual_time import run_in_virtual_time
from graphfold.testing.fake_backend import FakeBackend
from graphfold.testing.graphs import graph_of, variables_of

__all__ = ["BackendScript", "OperationCall", "Trial", "TrialOutcome", "describe", "error_code", "is_nothing"]

OperationCall = Callable[[Any], Awaitable[Any]]
"""Calls an operation of the adapter that it is given, as a resolver would."""

BackendScript = Callable[[httpx.Request], Awaitable[httpx.Response]]
"""What the backend replies to a request."""

_operation_call: ContextVar[OperationCall] = ContextVar("graphfold_operation_call")
_NOT_SECRET = ("_URL", "_FILE", "_USERNAME", "_CLIENT_ID", "_KEY_ID")
_TOKEN = {"access_token": f"{SECRET_MARKER}-access", "token_type": "Bearer", "expires_in": 3600}


@dataclass
class TrialOutcome:
    """The result of a run: the `value` or `error` of the operation call, the client's whole `answer`, and the log.

    `requests` are those that the script got, `under_way` the number of them that never ended. `seconds` is how long the
    operation took on the virtual clock. `late` counts the tasks still running half a second after the answer, `left`
    those still running when the graph was closed.
    """

    value: Any = None
    error: BaseException | None = None
    answer: str = ""
    logged: str = ""
    requests: list[httpx.Request] = field(default_factory=list)
    under_way: int = 0
    seconds: float = 0.0
    late: int = 0
    left: int = 0

    @property
    def code(self) -> str | None:
        """The code of the error, None without one."""
        return error_code(self.error)


def error_code(error: object) -> str | None:
    """Return the code of a GraphError, the class name of any other exception, None of anything else."""
    if isinstance(error, GraphError):
        return error.code
    return type(error).__name__ if isinstance(error, BaseException) else None


def describe(value: object) -> str:
    """Return a short text for what an operation gave: an error's code and cause, "nothing", or "an answer"."""
    if isinstance(value, BaseException):
        return f"{error_code(value)} ({getattr(value, 'internal', None) or value})"
    return "nothing" if is_nothing(value) else "an answer"


def is_nothing(value: object) -> bool:
    """Return whether a value is None or an empty list or page."""
    return value is None or value == [] or (isinstance(value, Page) and not value.items)


class Trial:
    """A graph with one adapter. Each `run` starts with empty caches and new connections."""

    def __init__(self, adapter: type[Adapter]) -> None:
        self.adapter = adapter
        self.graph = _graph(adapter)
        self._caller = dict.fromkeys(adapter.credential.caller_headers, f"Bearer {SECRET_MARKER}-caller")

    def run(
        self,
        call: OperationCall,
        script: BackendScript,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        cancel: bool = False,
        beside: Mapping[str, Any] | None = None,
    ) -> TrialOutcome:
        """Run an operation call while the backend follows the script.

        `seconds` is the operation's deadline; `cancel` cancels the operation when its first request reaches the
        backend. `beside` are routes with answers, as of a `FakeBackend`, whose requests do not go to the script.
        """
        outcome = TrialOutcome()
        backend = _ScriptedBackend(script, outcome, FakeBackend({**(beside or {})}))

        async def recorded_call(adapter: Any) -> None:
            try:
                outcome.value = await call(adapter)
            except Exception as error:
                outcome.error = error
                raise

        async def execute() -> Answer:
            _operation_call.set(recorded_call)
            return await self.graph.execute("{ run }", headers={**self._caller, **(headers or {})}, seconds=seconds)

        run_in_virtual_time(lambda: self._run(execute, backend, outcome, cancel=cancel))
        _drop_tracebacks(outcome.error)
        return outcome

    async def _run(
        self,
        execute: Callable[[], Coroutine[Any, Any, Answer]],
        backend: _ScriptedBackend,
        outcome: TrialOutcome,
        *,
        cancel: bool,
    ) -> None:
        with _captured_logs(outcome):
            async with self.graph.running(transports=lambda _: backend):
                before = asyncio.all_tasks()
                started = asyncio.get_running_loop().time()
                running = asyncio.ensure_future(execute())
                if cancel:
                    running.add_done_callback(lambda _: backend.called.set())  # it may end without calling the backend
                    await backend.called.wait()
                    running.cancel()
                (answer,) = await asyncio.gather(running, return_exceptions=True)
                outcome.seconds = asyncio.get_running_loop().time() - started
                outcome.late = await _late_tasks(before)
                outcome.answer = repr(answer) if isinstance(answer, BaseException) else str(answer.document())
        outcome.left = len(asyncio.all_tasks()) - 1

    def probe(self, script: BackendScript) -> bool:
        """Return whether the adapter's own probe finds the backend well."""

        async def probe() -> bool:
            backend = _ScriptedBackend(script, TrialOutcome(), FakeBackend())
            async with self.graph.running(transports=lambda _: backend):
                return (await self.graph.probe(self.adapter)).ok

        return run_in_virtual_time(probe)


class _ScriptedBackend(httpx.AsyncBaseTransport):
    """A transport that issues tokens, answers the routes `beside`, and hands every other request to the script."""

    def __init__(self, script: BackendScript, outcome: TrialOutcome, beside: FakeBackend) -> None:
        self._script, self._outcome, self._beside = script, outcome, beside
        self.called = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if b"grant_type=client_credentials" in request.content:
            return httpx.Response(200, json=_TOKEN)
        if self._beside.fitting(request):
            return await self._beside.handle_async_request(request)
        self._outcome.requests.append(request)
        self._outcome.under_way += 1
        self.called.set()
        try:
            return await self._script(request)
        finally:
            self._outcome.under_way -= 1


def _drop_tracebacks(error: BaseException | None) -> None:
    """Clear the tracebacks of an error and its causes, whose frames would keep the whole trial in memory."""
    while error is not None:
        error.__traceback__, error = None, error.__cause__ or error.__context__


async def _late_tasks(before: set[asyncio.Task[Any]]) -> int:
    """Return how many new tasks are still running after half a second, then give them five more to end."""
    await asyncio.sleep(0.5)
    late = len(asyncio.all_tasks() - before)
    await asyncio.sleep(5)
    return late


def _graph(adapter: type[Adapter]) -> Graph:
    """Return a graph whose one field, `run`, calls the current run's operation of this adapter."""
    with declaring():

        @strawberry.type(description="The query of a conformance test.")
        class Query:
            pass

        async def run(backend: Any) -> str:
            """Call the operation of the current run."""
            # The graph is built once for all runs of an adapter, so the call comes by a context variable.
            await _operation_call.get()(backend)
            return "done"

        run.__annotations__ = {"backend": adapter, "return": str}
        resolves(Query)(run)
        invented = variables_of([adapter])
        secret = {name: SECRET_MARKER + value for name, value in invented.items() if not name.endswith(_NOT_SECRET)}
        graph = graph_of({**invented, **secret, "GRAPHFOLD_DEADLINE": "3600"}, title="Conformance")
    graph.documents.development = True  # a trace can only be requested in development
    return graph


@contextmanager
def _captured_logs(outcome: TrialOutcome) -> Iterator[None]:
    """Keep what structlog and the standard library's logging get, at every level and with tracebacks."""
    records: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: records.append(handler.format(record))  # type: ignore[method-assign]
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs([structlog.processors.format_exc_info]) as lines:
            yield
        records += map(str, lines)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        outcome.logged = "\n".join(records)
