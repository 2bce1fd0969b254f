"""Observe operations and backend calls: the one source of traces, logs and metrics.

```
 operation_started                                        Graph.execute, Graph.subscribe
   step_ended          one field for all objects of a level          execution
   keys_found          keys answered without a call of their own     loading
   batch_started       one call of an adapter's function             loading
     attempt_started   one sending of a request to the backend       adapter
     attempt_ended
   batch_ended
 operation_ended
 breaker_changed, quota_changed                            resilience, outside of any operation
```

Subclass `Observer`, override the methods of interest, and pass an instance to `Graph.observe` before the graph runs.
Methods are called on the event loop, where the event happens: they must be quick and must not block. An exception in
one is logged and changes nothing else. Events that no observer overrides are never created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, TypeVar

import structlog

from graphfold.errors import GraphError

__all__ = [
    "NO_OBSERVERS",
    "AttemptEvent",
    "BatchEvent",
    "BreakerEvent",
    "BreakerState",
    "KeysEvent",
    "Observer",
    "Observers",
    "OperationEvent",
    "QuotaEvent",
    "StepEvent",
    "current_batch",
    "error_name",
    "notify",
]

E = TypeVar("E")

_log = structlog.get_logger("graphfold")


@dataclass(slots=True, eq=False)
class OperationEvent:
    """One query, mutation or subscription event. Times are seconds of `time.perf_counter`.

    `kind` and `name` are None if the document does not say which operation to run. `codes` are those of the answer's
    errors, known when it has ended; `cancelled` is True if it ended without an answer. `query` is the client's text: it
    may contain private data.
    """

    request_id: str
    query: str
    kind: str | None
    name: str | None
    started: float = field(default_factory=perf_counter)
    ended: float | None = None
    codes: list[str] = field(default_factory=list)
    cancelled: bool = False


@dataclass(slots=True, eq=False)
class StepEvent:
    """One field of a plan, resolved for all `objects` of a level. `path` holds response keys, without list indexes."""

    path: tuple[str, ...]
    type_name: str
    field_name: str
    objects: int
    started: float
    ended: float


@dataclass(slots=True, eq=False)
class KeysEvent:
    """Keys that needed no call: `cached` came from the cache, `joined` from a call in flight for another operation."""

    backend: str
    operation: str
    cached: int = 0
    joined: int = 0


@dataclass(slots=True, eq=False)
class BatchEvent:
    """One call of an adapter's function for a batch, a read or a write; `keys` is None for the latter two.

    `error` is the code of a `GraphError`, or the name of the exception's class.
    """

    backend: str
    operation: str
    kind: Literal["batch", "read", "write"]
    keys: Sequence[Any] | None
    started: float = field(default_factory=perf_counter)
    ended: float | None = None
    error: str | None = None


@dataclass(slots=True, eq=False)
class AttemptEvent:
    """One sending of a request. `status` is the reply's HTTP status; None without a reply.

    `outcome` is "ok" or what the attempt failed with: the code of a `GraphError`, or the name of the exception's class.
    `batch` is the adapter call that it was made for.
    """

    backend: str
    operation: str | None
    batch: BatchEvent | None
    started: float = field(default_factory=perf_counter)
    ended: float | None = None
    status: int | None = None
    outcome: str = "ok"


BreakerState = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """A circuit breaker has a new state. `group` names the operations that share it; empty for the default group."""

    backend: str
    group: str
    state: BreakerState


@dataclass(frozen=True, slots=True)
class QuotaEvent:
    """A backend has announced a quota, or asked for a pause of `paused` seconds. Unknown numbers are None."""

    backend: str
    limit: int | None = None
    left: int | None = None
    paused: float | None = None


class Observer:
    """Base class of observers: override the methods of interest."""

    def operation_started(self, event: OperationEvent) -> None:
        """Hear that an operation starts."""

    def operation_ended(self, event: OperationEvent) -> None:
        """Hear that an operation has its answer, or was cancelled. It is the same object as at the start."""

    def step_ended(self, event: StepEvent) -> None:
        """Hear that a step of a plan has its values."""

    def keys_found(self, event: KeysEvent) -> None:
        """Hear that keys needed no call of their own."""

    def batch_started(self, event: BatchEvent) -> None:
        """Hear that an adapter's function is called."""

    def batch_ended(self, event: BatchEvent) -> None:
        """Hear that an adapter's function has returned. It is the same object as at the start."""

    def attempt_started(self, event: AttemptEvent) -> None:
        """Hear that a request is about to be sent to a backend."""

    def attempt_ended(self, event: AttemptEvent) -> None:
        """Hear that an attempt has its reply, judged, or has failed. It is the same object as at the start."""

    def breaker_changed(self, event: BreakerEvent) -> None:
        """Hear that a circuit breaker has opened, closed or sent a probe."""

    def quota_changed(self, event: QuotaEvent) -> None:
        """Hear that a backend has announced a quota or asked for a pause."""


class Observers:
    """The methods of several observers, by event: each attribute is empty where no observer overrides the method.

    Code that emits an event tests its attribute first and creates nothing while it is empty.
    """

    __slots__ = (
        "_all",
        "attempt_ended",
        "attempt_started",
        "batch_ended",
        "batch_started",
        "breaker_changed",
        "keys_found",
        "observes_calls",
        "observes_operations",
        "operation_ended",
        "operation_started",
        "quota_changed",
        "step_ended",
    )

    def __init__(self, observers: Iterable[Observer] = ()) -> None:
        self._all = tuple(observers)
        self.operation_started = self._overriding(Observer.operation_started)
        self.operation_ended = self._overriding(Observer.operation_ended)
        self.step_ended = self._overriding(Observer.step_ended)
        self.keys_found = self._overriding(Observer.keys_found)
        self.batch_started = self._overriding(Observer.batch_started)
        self.batch_ended = self._overriding(Observer.batch_ended)
        self.attempt_started = self._overriding(Observer.attempt_started)
        self.attempt_ended = self._overriding(Observer.attempt_ended)
        self.breaker_changed = self._overriding(Observer.breaker_changed)
        self.quota_changed = self._overriding(Observer.quota_changed)
        self.observes_calls = bool(self.batch_started or self.batch_ended or self.attempt_started or self.attempt_ended)
        """Whether calls of adapters and attempts have to be wrapped."""
        self.observes_operations = bool(self.operation_started or self.operation_ended)

    def with_observer(self, observer: Observer) -> Observers:
        """Return these observers and one more."""
        return Observers((*self._all, observer))

    def _overriding(self, method: Callable[[Observer, E], None]) -> tuple[Callable[[E], None], ...]:
        name = method.__name__
        return tuple(getattr(each, name) for each in self._all if getattr(type(each), name) is not method)


NO_OBSERVERS = Observers()

current_batch: ContextVar[BatchEvent | None] = ContextVar("graphfold_batch", default=None)
"""The adapter call that runs in this context, set while somebody observes attempts or batches."""


def error_name(error: BaseException) -> str:
    """Return the name of an error in events: the code of a `GraphError`, or the name of the exception's class."""
    return error.code if isinstance(error, GraphError) else type(error).__name__


def notify(methods: tuple[Callable[[E], None], ...], event: E) -> None:
    """Pass an event to the observers. An observer that fails is logged; the others and the operation go on."""
    for method in methods:
        try:
            method(event)
        except Exception:
            _log.exception("observer failed", event_type=type(event).__name__)
