"""One adapter in a graph of its own, over a backend that follows a script: asked by a query, as a client would ask."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
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
from graphfold.testing.conformance.leak_markers import SECRET_MARKER
from graphfold.testing.conformance.virtual_time import run_in_virtual_time
from graphfold.testing.fake_backend import FakeBackend
from graphfold.testing.graphs import graph_of, variables_of

__all__ = ["BackendScript", "OperationCall", "Trial", "TrialOutcome"]

OperationCall = Callable[[Any], Awaitable[Any]]
"""What to ask of the adapter of an operation."""

BackendScript = Callable[[httpx.Request], Awaitable[httpx.Response]]

_question: ContextVar[OperationCall] = ContextVar("graphfold_question")
_NO_SECRETS = ("_URL", "_FILE", "_USERNAME", "_CLIENT_ID", "_KEY_ID")
_TOKEN = {"access_token": f"{SECRET_MARKER}-access", "token_type": "Bearer", "expires_in": 3600}


@dataclass
class TrialOutcome:
    """What came of a question: its `value` or the `error` it raised, the whole `answer`, what was logged, which
    requests went out, and how many seconds it took on a clock that does not wait. `late` tasks were still there half a
    second after the answer, `left` ones when everything was closed; `under_way`: calls that never ended.
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
        """The code of its error, None without one."""
        return error_code(self.error)


class Trial:
    """`run` starts with empty caches and fresh connections each time."""

    def __init__(self, adapter: type[Adapter]) -> None:
        self.adapter = adapter
        self.graph = _graph(adapter)
        self._caller = dict.fromkeys(adapter.credential.caller_headers, f"Bearer {SECRET_MARKER}-caller")

    def run(
        self,
        question: OperationCall,
        script: BackendScript,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        cancel: bool = False,
        beside: Mapping[str, Any] | None = None,
    ) -> TrialOutcome:
        """Ask, with the backend replying as in the script.

        `seconds` is the operation's deadline; `cancel`: give up as soon as the backend has been asked. `beside` has
        routes with answers, as of a `FakeBackend`: their requests are no part of the script.
        """
        backend = _Backend(script, TrialOutcome(), FakeBackend({**(beside or {})}))
        return run_in_virtual_time(
            lambda: self._run(question, backend, {**self._caller, **(headers or {})}, seconds, cancel=cancel)
        )

    def probe(self, script: BackendScript) -> bool:
        """Whether the adapter's own probe finds the backend well."""

        async def probed() -> bool:
            backend = _Backend(script, TrialOutcome(), FakeBackend())
            async with self.graph.running(transports=lambda _: backend):
                return (await self.graph.probe(self.adapter)).ok

        return run_in_virtual_time(probed)

    async def _run(
        self,
        question: OperationCall,
        backend: _Backend,
        headers: Mapping[str, str],
        seconds: float | None,
        *,
        cancel: bool,
    ) -> TrialOutcome:
        outcome = backend.outcome

        async def asked(adapter: Any) -> None:
            try:
                outcome.value = await question(adapter)
            except Exception as error:
                outcome.error = error
                raise

        _question.set(asked)
        with _logged(outcome):
            async with self.graph.running(transports=lambda _: backend):
                before = asyncio.all_tasks()
                started = asyncio.get_running_loop().time()
                asking = asyncio.ensure_future(self.graph.execute("{ ask }", headers=headers, seconds=seconds))
                if cancel:
                    asking.add_done_callback(lambda _: backend.called.set())  # it may be over before it has asked
                    await backend.called.wait()
                    asking.cancel()
                (answer,) = await asyncio.gather(asking, return_exceptions=True)
                outcome.seconds = asyncio.get_running_loop().time() - started
                outcome.late = await _busy(before)
                outcome.answer = repr(answer) if isinstance(answer, BaseException) else str(answer.document())
        outcome.left = len(asyncio.all_tasks()) - 1
        _bare(outcome.error)
        return outcome


class _Backend(httpx.AsyncBaseTransport):
    """Signs in whoever asks for a token; everything else that is not `beside` is up to the script."""

    def __init__(self, script: BackendScript, outcome: TrialOutcome, beside: FakeBackend) -> None:
        self._script, self.outcome, self._beside = script, outcome, beside
        self.called = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if b"grant_type=client_credentials" in request.content:
            return httpx.Response(200, json=_TOKEN)
        if self._beside.fitting(request):
            return await self._beside.handle_async_request(request)
        self.outcome.requests.append(request)
        self.outcome.under_way += 1
        self.called.set()
        try:
            return await self._script(request)
        finally:
            self.outcome.under_way -= 1


def _bare(error: BaseException | None) -> None:
    """Without the frames that it and what led to it came through: they would keep the whole trial."""
    while error is not None:
        error.__traceback__, error = None, error.__cause__ or error.__context__


async def _busy(before: set[asyncio.Task[Any]]) -> int:
    """Tasks that are still at work after half a second; they get a little longer to end."""
    await asyncio.sleep(0.5)
    late = len(asyncio.all_tasks() - before)
    await asyncio.sleep(5)
    return late


def error_code(error: object) -> str | None:
    """The code of the closed list; of anything else, its class."""
    if isinstance(error, GraphError):
        return error.code
    return type(error).__name__ if isinstance(error, BaseException) else None


def _graph(adapter: type[Adapter]) -> Graph:
    with declaring():

        @strawberry.type(description="What a conformance test asks.")
        class Query:
            pass

        async def ask(backend: Any) -> str:
            """Whatever the rule at hand wants to know."""
            await _question.get()(backend)
            return "asked"

        ask.__annotations__ = {"backend": adapter, "return": str}
        resolves(Query)(ask)
        invented = variables_of([adapter])
        secret = {name: SECRET_MARKER + value for name, value in invented.items() if not name.endswith(_NO_SECRETS)}
        graph = graph_of({**invented, **secret, "GRAPHFOLD_DEADLINE": "3600"}, title="Conformance")
    graph.documents.development = True  # so that a trace can be asked for
    return graph


@contextmanager
def _logged(outcome: TrialOutcome) -> Iterator[None]:
    """What structlog and the standard library's logging are told, at every level, tracebacks and all."""
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
