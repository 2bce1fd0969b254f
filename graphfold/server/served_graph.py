"""Defines the part of a graph that the server uses, so that it does not import the graph itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from graphfold.cache.answer_cache import AnswerCache, AnswerKey
from graphfold.observer import Observer
from graphfold.operation.answer import Answer
from graphfold.operation.documents import Documents
from graphfold.settings import Settings
from graphfold.viewer import Viewer

__all__ = ["ProjectDirectory", "ServedGraph"]


class ProjectDirectory(Protocol):
    """The directory with the files of the project."""

    @property
    def root(self) -> Path: ...


class ServedGraph(Protocol):
    """A graph as the server sees it: `Graph`, or a fake in the tests of the server."""

    @property
    def title(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def project(self) -> ProjectDirectory: ...
    @property
    def answers(self) -> AnswerCache | None: ...
    def answer_key(
        self,
        query: str,
        variables: Mapping[str, Any] | None,
        operation_name: str | None,
        headers: Mapping[str, str],
    ) -> tuple[AnswerKey, Viewer] | None: ...
    def invalidate(self, backend: str, operation: str, keys: Sequence[Any] | None) -> None: ...
    def observe(self, observer: Observer) -> None: ...
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
