"""One operation of the graph as resolvers see it: `info.context`. Made for each query, mutation and event anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from graphfold.adapter.base import Adapter
from graphfold.cache.parts import Parts
from graphfold.deadline import Deadline
from graphfold.loading.scope import Home, Scope
from graphfold.operation.trace import Trace
from graphfold.settings import Settings
from graphfold.viewer import Viewer

__all__ = ["OperationContext", "Request"]

A = TypeVar("A", bound=Adapter)

Wanted = dict[type, frozenset[str] | None]


class Runtime(Home, Protocol):
    """What lives as long as the graph runs, with the graph's settings."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, and with what: the context that a transport hands to the schema. Several operations may share one."""

    runtime: Runtime
    viewer: Viewer
    request_id: str
    headers: Mapping[str, str]
    """The client's headers, names in lower case."""
    trace: Trace | None = None
    parts: Parts | None = None
    """Told what goes into the answer, where there is one operation only."""
    seconds: float | None = None
    """How long the client wants to wait for an operation; never longer than the setting says."""

    def deadline(self) -> Deadline:
        """The deadline of an operation that begins now."""
        most = self.runtime.settings.deadline
        return Deadline(most if self.seconds is None else min(self.seconds, most))

    def scope(self, wants: Callable[[], Wanted]) -> Scope:
        """The scope of one operation of this request."""
        scope = Scope if self.trace is None else self.trace.scope
        return scope(self.runtime, self.viewer, wants, self.parts)


class OperationContext:
    """The context of a running operation. Its adapters and their loaders end with it."""

    __slots__ = ("_request", "scope")

    def __init__(self, request: Request, scope: Scope) -> None:
        self._request, self.scope = request, scope

    @property
    def request(self) -> Request:
        """The request. An answer for which somebody looked at it is for this request only, and is not kept."""
        self.scope.parts.spoil()
        return self._request

    @property
    def runtime(self) -> Runtime:
        return self._request.runtime

    def adapter(self, kind: type[A]) -> A:
        """The adapter of this kind; one for the whole operation."""
        adapters = self.scope.adapters
        found: A | None = adapters.get(kind)
        if found is None:
            found = adapters[kind] = kind(self.scope)
        return found
