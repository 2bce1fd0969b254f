"""The context of a request, and of each operation it runs (`info.context` in resolvers)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from graphfold.adapter.base import Adapter
from graphfold.cache.dependencies import AnswerDependencies
from graphfold.deadline import Deadline
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.observer import NO_OBSERVERS, Observers
from graphfold.settings import Settings
from graphfold.viewer import Viewer

__all__ = ["OperationContext", "Request"]

A = TypeVar("A", bound=Adapter)

Wanted = dict[type, frozenset[str] | None]


class OperationResources(SharedResources, Protocol):
    """What lives as long as the graph runs, with the graph's settings."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True, slots=True)
class Request:
    """A client's request: the context that a transport passes to the schema.

    Several operations share one request: the events of a subscription.
    """

    runtime: OperationResources
    viewer: Viewer
    request_id: str
    headers: Mapping[str, str]
    """The client's headers, names in lower case."""
    observers: Observers = NO_OBSERVERS
    dependencies: AnswerDependencies | None = None
    """Collects what the answer is built from, if the request runs a single operation."""
    seconds: float | None = None
    """The time that the client allows for an operation, in seconds; the setting is an upper bound."""

    def deadline(self) -> Deadline:
        """Return the deadline of an operation that starts now."""
        most = self.runtime.settings.deadline
        return Deadline(most if self.seconds is None else min(self.seconds, most))

    def scope(self, wants: Callable[[], Wanted]) -> OperationScope:
        """Open the scope of one operation. `wants` returns the fields that the operation selects of each type."""
        return OperationScope(self.runtime, self.viewer, wants, self.dependencies, self.observers)


class OperationContext:
    """The context of one running query, mutation or subscription event. Its adapters and loaders end with it."""

    __slots__ = ("_request", "scope")

    def __init__(self, request: Request, scope: OperationScope) -> None:
        self._request, self.scope = request, scope

    @property
    def request(self) -> Request:
        """The request. Reading it keeps the answer out of the answer cache, because it may depend on any header."""
        self.scope.dependencies.make_uncacheable()
        return self._request

    @property
    def runtime(self) -> OperationResources:
        return self._request.runtime

    def adapter(self, kind: type[A]) -> A:
        """Return the operation's one instance of an adapter class."""
        adapters = self.scope.adapters
        adapter: A | None = adapters.get(kind)
        if adapter is None:
            adapter = adapters[kind] = kind(self.scope)
        return adapter
