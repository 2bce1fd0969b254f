"""What the server needs of a graph, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from graphfold.cache.answers import Answers, Question
from graphfold.cache.parts import Parts
from graphfold.graph.documents import Documents
from graphfold.loading.scope import Viewer
from graphfold.settings import Settings

__all__ = ["Answer", "Place", "Served"]


class Answer(Protocol):
    """What one operation came to. `errors` are ready for the client; not `started`: refused before anything ran.

    `parts` are what it was made of, where it may be kept.
    """

    @property
    def data(self) -> Mapping[str, Any] | None: ...
    @property
    def errors(self) -> list[dict[str, Any]]: ...
    @property
    def started(self) -> bool: ...
    @property
    def parts(self) -> Parts | None: ...
    def body(self) -> bytes: ...


class Place(Protocol):
    """Where the graph's own files are."""

    @property
    def root(self) -> Path: ...


class Served(Protocol):
    """A graph that can be served."""

    @property
    def title(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def project(self) -> Place: ...
    @property
    def answers(self) -> Answers | None: ...
    def question(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
    ) -> tuple[Question, Viewer] | None: ...
    def invalidate(self, backend: str, operation: str, keys: Sequence[Any] | None) -> None: ...
    def missing_settings(self) -> list[str]: ...
    def state(self) -> dict[str, Any]: ...
    def running(self) -> AbstractAsyncContextManager[Any]: ...

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
    ) -> Answer: ...
