"""Provides a fake graph to serve, and a client that calls the application without a network."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import strawberry
import structlog
from graphql import GraphQLError

from graphfold.errors import BackendTimeout
from graphfold.observer import NO_OBSERVERS, Observer, Observers, OperationEvent, notify
from graphfold.operation.answer import Answer
from graphfold.operation.documents import Documents
from graphfold.operation.masking import mask_errors
from graphfold.server.app import create_app
from graphfold.settings import Settings
from graphfold.viewer import Viewer

SECRET = "password=hunter2"


@strawberry.type
class Query:
    @strawberry.field
    def name(self, prefix: str = "") -> str:
        return f"{prefix}graph"

    @strawberry.field
    def late(self) -> str | None:
        raise BackendTimeout("The crm did not answer in time.", internal=SECRET)

    @strawberry.field
    async def forever(self, info: strawberry.Info) -> str:
        await info.context.hang()
        return "never"

    @strawberry.field
    async def slow(self, info: strawberry.Info, number: int = 0) -> int:
        await info.context.wait_for_turn()
        return number


@strawberry.type
class Mutation:
    @strawberry.mutation
    def change(self, info: strawberry.Info) -> int:
        info.context.changes += 1
        return int(info.context.changes)


class Schema(strawberry.Schema):
    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        """Do nothing: the masking logs the errors."""


@dataclass
class ProjectFolder:
    root: Path


@dataclass
class FakeGraph:
    """A graph that records the headers and deadline of its last request, and whether it runs."""

    project: ProjectFolder
    settings: Settings
    title: str = "Demo"
    missing: list[str] = field(default_factory=list)
    answers: None = None
    changes: int = 0
    runs: bool = False
    defect: Exception | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    abandoned: asyncio.Event = field(default_factory=asyncio.Event)
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    waiting: int = 0
    observers: Observers = NO_OBSERVERS

    def __post_init__(self) -> None:
        self.documents = Documents(self.settings)
        self.schema = Schema(Query, Mutation, extensions=[self.documents.extension])

    def answer_key(self, query: str, variables: Any, operation_name: str | None, headers: Mapping[str, str]) -> None:
        return None

    def observe(self, observer: Observer) -> None:
        self.observers = self.observers.with_observer(observer)

    def invalidate(self, backend: str, operation: str, keys: Any) -> None:
        raise NotImplementedError

    def missing_settings(self) -> list[str]:
        return self.missing

    def state(self) -> dict[str, Any]:
        return {"crm": {"places": {"used": 1, "of": 32, "waiting": 0}}}

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FakeGraph"]:
        self.runs = True
        yield self
        self.runs = False

    async def hang(self) -> None:
        """Block until cancelled."""
        self.hanging.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.abandoned.set()

    async def wait_for_turn(self) -> None:
        """Wait until a test releases one of `turns`."""
        self.waiting += 1
        try:
            await self.turns.acquire()
        finally:
            self.waiting -= 1

    async def execute(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *,
        headers: Mapping[str, str],
        request_id: str | None,
        mutations: bool,
        seconds: float | None,
        viewer: Viewer | None,
    ) -> Answer:
        self.headers, self.seconds = headers, seconds
        operation = self.documents.operation(query, operation_name)
        kind, name = (operation.operation.value, operation.name) if operation else (None, None)
        event = OperationEvent(request_id or "-", query, kind, name.value if name else None)
        notify(self.observers.operation_started, event)
        if self.defect:
            raise self.defect
        result = await self.schema.execute(query, variables, self, operation_name=operation_name)
        errors = mask_errors(result.errors or [], request_id or "-", suggestions=self.documents.development)
        event.codes = [str((error.extensions or {})["code"]) for error in errors]
        notify(self.observers.operation_ended, event)
        return Answer(result.data, [dict(error.formatted) for error in errors], started=result.data is not None)


class Connection:
    """A request whose client can disconnect before the response."""

    def __init__(self, app: Any, body: bytes) -> None:
        self.sent: list[Any] = []
        self._messages: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]
        self._disconnected = asyncio.Event()
        headers = [(b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
        self.task = asyncio.ensure_future(app(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        if self._messages:
            return self._messages.pop()
        await self._disconnected.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.sent.append(message)

    def disconnect(self) -> None:
        self._disconnected.set()


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
def development() -> bool:
    return False


@pytest.fixture
def graph(settings: Settings, tmp_path: Path) -> FakeGraph:
    (tmp_path / "queries").mkdir()
    return FakeGraph(ProjectFolder(tmp_path), settings)


@pytest.fixture
def app(graph: FakeGraph, development: bool) -> Any:
    return create_app(graph, development=development)


@pytest.fixture
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://graph.test") as client:
        yield client


@pytest.fixture(autouse=True)
def log() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines
