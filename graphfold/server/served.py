"""What the server needs of a graph, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from graphfold.graph.documents import Documents
from graphfold.settings import Settings

__all__ = ["Answer", "Place", "Served"]


class Answer(Protocol):
    """What one operation came to. `errors` are ready for the client; not `started`: refused before anything ran."""

    @property
    def data(self) -> Mapping[str, Any] | None: ...
    @property
    def errors(self) -> list[dict[str, Any]]: ...
    @property
    def started(self) -> bool: ...
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
    def missing_settings(self) -> list[str]: ...
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
    ) -> Answer: ...
