"""What one request really asked of the backends, with times. Taken where it is asked for; nothing is watched elsewhere.

A traced operation has a scope of its own kind: it puts a clock around the functions of adapters, around the calls they
make, and counts what the caches knew. Everything else is as without it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeVar

from graphfold.cache.parts import Parts
from graphfold.cache.terms import Terms
from graphfold.errors import GraphError
from graphfold.loading.backend_operations import BackendOperation
from graphfold.loading.keys import Keys
from graphfold.loading.scope import Home, Scope
from graphfold.viewer import Viewer

__all__ = ["Trace"]

T = TypeVar("T")

MOST_KEYS = 20
"""Keys that are told of one call; their number is told anyway."""


@dataclass(slots=True)
class Asked:
    """One use of a backend's operation: `start` and `end` on the process's clock, `requests` what went out for it."""

    backend: str
    operation: str
    start: float
    end: float
    keys: list[str] | None = None
    key_count: int = 0
    cached: int = 0
    shared: int = 0
    error: str | None = None
    requests: list[Sent] = field(default_factory=list)

    def json(self, began: float) -> dict[str, Any]:
        return {
            "backend": self.backend,
            "operation": self.operation,
            "keys": self.keys,
            "keyCount": self.key_count,
            "cached": self.cached,
            "shared": self.shared,
            "start": _milliseconds(self.start - began),
            "ms": _milliseconds(self.end - self.start),
            "error": self.error,
            "requests": [sent.json(began) for sent in self.requests],
        }


@dataclass(slots=True)
class Sent:
    """One request to a backend; `status` is None where there was no reply."""

    start: float
    end: float = 0.0
    status: int | None = None

    def json(self, began: float) -> dict[str, Any]:
        start, took = _milliseconds(self.start - began), _milliseconds(self.end - self.start)
        return {"start": start, "ms": took, "status": self.status}


_current: ContextVar[Asked | None] = ContextVar("graphfold_traced", default=None)


class Trace:
    """The trace of one request, from now on."""

    def __init__(self) -> None:
        self._began = perf_counter()
        self._asked: list[Asked] = []
        self._known: dict[tuple[str, str], Asked] = {}

    def scope(self, home: Home, viewer: Viewer, wants: Callable[[], Any], parts: Parts | None = None) -> Scope:
        """The scope of an operation that is traced."""
        return _Scope(home, viewer, wants, parts, self)

    def json(self) -> dict[str, Any]:
        """For `extensions.trace`: times in milliseconds since the request began, in order."""
        asked = sorted(self._asked, key=lambda asked: asked.start)
        took = _milliseconds(perf_counter() - self._began)
        return {"ms": took, "calls": [asked.json(self._began) for asked in asked]}

    def knew(self, backend: str, operation: str, *, cached: int = 0, shared: int = 0) -> None:
        """Keys that needed no call. They are told with the call for the others, where there is one."""
        known = self._known.get((backend, operation))
        if known is None:
            known = self._known[backend, operation] = self._new(backend, operation)
        known.cached += cached
        known.shared += shared

    def around(self, operation: BackendOperation) -> Callable[..., Awaitable[Any]]:
        """The author's function with a clock around it."""

        async def clocked(adapter: Any, *args: Any, **kwargs: Any) -> Any:
            asked = self._begun(adapter.name, operation.name, args)
            token = _current.set(asked)
            try:
                return await operation.function(adapter, *args, **kwargs)
            except BaseException as error:
                asked.error = error.code if isinstance(error, GraphError) else type(error).__name__
                raise
            finally:
                _current.reset(token)
                asked.end = perf_counter()

        return clocked

    def _begun(self, backend: str, operation: str, args: tuple[Any, ...]) -> Asked:
        asked = self._known.pop((backend, operation), None) or self._new(backend, operation)
        asked.start = asked.end = perf_counter()
        if args and isinstance(args[0], Keys):
            asked.keys, asked.key_count = [str(key) for key in args[0][:MOST_KEYS]], len(args[0])
        return asked

    def _new(self, backend: str, operation: str) -> Asked:
        now = perf_counter()
        self._asked.append(asked := Asked(backend, operation, now, now))
        return asked


class _Scope(Scope):
    def __init__(self, home: Home, viewer: Viewer, wants: Callable[[], Any], parts: Parts | None, trace: Trace) -> None:
        super().__init__(_Home(home, trace), viewer, wants, parts)
        self._trace = trace

    def function(self, operation: Any) -> Callable[..., Awaitable[Any]]:
        return self._trace.around(operation)


class _Instead:
    """Stands in for an object: what it does not do itself, that object does."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class _Home(_Instead):
    def __init__(self, real: Home, trace: Trace) -> None:
        super().__init__(real)
        self._trace = trace

    def store(self, operation: str, terms: Terms) -> Any:
        backend, _, name = operation.partition(".")
        return _Store(self._real.store(operation, terms), self._trace, backend, name)

    def spawn(self, work: Coroutine[Any, Any, T]) -> Any:
        return self._real.spawn(work)

    def backend(self, adapter: type) -> Any:
        return _Backend(self._real.backend(adapter))


class _Store(_Instead):
    def __init__(self, real: Any, trace: Trace, backend: str, operation: str) -> None:
        super().__init__(real)
        self._told = trace, backend, operation

    def shelf(self, slot: Any, parts: Parts | None = None) -> Any:
        return _Shelf(self._real.shelf(slot, parts), *self._told)


class _Shelf(_Instead):
    def __init__(self, real: Any, trace: Trace, backend: str, operation: str) -> None:
        super().__init__(real)
        self._trace, self._backend, self._operation = trace, backend, operation

    def find(self, keys: Any, fields: frozenset[str]) -> dict[Any, Any]:
        found: dict[Any, Any] = self._real.find(keys, fields)
        if found:
            self._trace.knew(self._backend, self._operation, cached=len(found))
        return found

    def flying(self, keys: Any, fields: frozenset[str]) -> dict[Any, Any]:
        found: dict[Any, Any] = self._real.flying(keys, fields)
        if found:
            self._trace.knew(self._backend, self._operation, shared=len(found))
        return found


class _Backend(_Instead):
    @property
    def client(self) -> Any:
        return _Client(self._real.client)


class _Client(_Instead):
    async def send(self, call: Any, seconds: float | None = None) -> Any:
        sent = Sent(perf_counter())
        if (asked := _current.get()) is not None:
            asked.requests.append(sent)
        try:
            reply = await self._real.send(call, seconds)
            sent.status = reply.status
            return reply
        finally:
            sent.end = perf_counter()


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 2)
