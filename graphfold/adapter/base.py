"""`Adapter`, the base class of all protocols: what a class declares about its backend, and how its calls go out.

A call of an adapter's method passes these layers:

    resolver -> batch, read or write (loading/)   creates the adapter `for_operation`
      author's method                             `await self.get(...)`, `self.invoke(...)`, `self.query(...)`
        _prepare                                  adds the forwarded headers and the operation's options to the call
          _guarded                                guard: bulkhead, circuit breaker, retries, hedging (resilience/)
            attempt                               one per try: sends the call and reads the reply, or raises
              _client.send                        revalidation for the cache, events for observers, then transport/

Reading the reply is part of the attempt, so a reply that cannot be read counts as a failure of the backend.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from functools import partial
from typing import Any, ClassVar, Protocol, Self, TypeVar

from graphfold.adapter.attempt_events import ObservedClient, observe_attempt
from graphfold.adapter.class_checks import Identity, check_adapter_class, check_operation
from graphfold.adapter.error_hooks import call_error_hook
from graphfold.adapter.forwarded_headers import digest_headers, headers_affecting_answers, select_forwarded
from graphfold.adapter.http_methods import check_method
from graphfold.adapter.reply_errors import error_for_status
from graphfold.adapter.revalidation import CallSender, RevalidatingClient
from graphfold.credentials.credential import Credential
from graphfold.declarations import current_declarations
from graphfold.errors import GraphError
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.reply_listener import reply_listener
from graphfold.loading.scope import OperationScope
from graphfold.manifest import Manifest
from graphfold.mistakes import author_location
from graphfold.resilience.guard import Attempt, Guard
from graphfold.resilience.options import Resilience
from graphfold.rows.row import Row
from graphfold.rows.selection import wire_names, wire_selection
from graphfold.rows.structs import ROW_ORIGINS
from graphfold.transport.call import Call, Reply

__all__ = ["Adapter"]

T = TypeVar("T")


class AdapterBackend(Protocol):
    """The part of `backend.Backend` that an adapter uses; the scope's resources return it for the adapter's class."""

    guard: Guard
    client: CallSender


class Adapter:
    """One backend. Subclass `RestAdapter`, `SoapAdapter` or `GraphQLAdapter`; the class name gives the backend's name.

    An instance belongs to one graph operation: resolvers get it by naming the class in their signature.
    """

    name: ClassVar[str] = ""
    where: ClassVar[str] = ""
    """`file:line` of the class."""
    protocol: ClassVar[str] = ""
    manifest: ClassVar[Manifest] = Manifest()
    """The owner of the adapter, how critical the backend is, and the conformance rules that the adapter keeps."""
    identity: ClassVar[Identity] = "viewer"
    """Whether answers depend on the caller. `service`: calls carry nothing about the caller, so viewers may share
    answers. `viewer`: the answers for each viewer are kept apart.
    """
    credential: ClassVar[Credential] = Credential()
    propagates: ClassVar[tuple[str, ...]] = ()
    """Headers of the caller that are forwarded to the backend, e.g. `("accept-language",)`; by default none."""
    _headers_affecting_answers: ClassVar[tuple[str, ...]] = ()
    resilience: ClassVar[Resilience] = Resilience()
    """Retries, circuit breaker, concurrent calls and quota of the backend."""
    timeout: ClassVar[float | None] = None
    """Seconds for one call with its retries; by default the setting of the graph. The time starts again after a wait
    for a free place in the bulkhead or for the quota.
    """

    __slots__ = ("_operation", "_whole", "calls_sent", "scope")

    def __init__(self, scope: OperationScope, operation: str | None = None, *, whole: bool = False) -> None:
        self.scope, self._operation, self._whole = scope, operation, whole
        self.calls_sent = 0  # retries not counted

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("graphfold.adapter."):
            return
        if "name" not in cls.__dict__:
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.where = author_location()
        check_adapter_class(cls)
        cls._headers_affecting_answers = headers_affecting_answers(cls.propagates)
        for operation in cls.operations():
            check_operation(cls, operation)
            if operation.row is not None:
                ROW_ORIGINS.setdefault(operation.row, (cls.name, operation.name))
        if cls.operations():  # a class without operations is a base class of other adapters
            current_declarations().adapters.append(cls)

    @classmethod
    def operations(cls) -> list[BackendOperation]:
        """Return the batches, reads and writes in the order of the class body, inherited ones first."""
        bodies = [vars(base) for base in reversed(cls.__mro__)]
        by_name = {
            name: value for body in bodies for name, value in body.items() if isinstance(value, BackendOperation)
        }
        return list(by_name.values())

    @classmethod
    def needs(cls) -> tuple[str, ...]:
        """Return the names of the settings without which the adapter cannot work."""
        return ("url", *cls.credential.needs)

    def requested_fields(self, row: type[Row[Any]]) -> frozenset[str]:
        """Return the names of the OnDemand fields of `row` that the running operation needs."""
        return row.shape.on_demand if self._whole else self.scope.requested_fields(row)

    def wire(self, row: type[Row[Any]]) -> str:
        """Return the needed fields of `row` by the backend's names, separated by commas."""
        return wire_names(row, self.requested_fields(row))

    def selection(self, row: type[Row[Any]]) -> str:
        """Return the needed fields of `row` as a GraphQL selection set in the backend's names."""
        return wire_selection(row, self.requested_fields(row))

    def for_operation(self, operation: str, *, whole: bool) -> Self:
        """Return an instance for one of the adapter's operations. `whole`: with all OnDemand fields of its rows."""
        return type(self)(self.scope, operation, whole=whole)

    def may_split_batch(self, calls_before: int) -> bool:
        """Return whether a failed batch may be sent again in two halves.

        `calls_before` is the value of `calls_sent` before the batch. If the batch failed before it sent a call, then
        nothing is repeated. Otherwise the halves need a token of the retry budget.
        """
        return self.calls_sent == calls_before or self._backend.guard.spend_retry()

    def problem(self, reply: Reply) -> GraphError:
        """Return the typed error for a reply that is not a success. Override it to read the backend's error bodies."""
        return self._error_for_status(reply)

    def _error_for_status(self, reply: Reply) -> GraphError:
        return error_for_status(reply, of_caller=bool(self.credential.caller_headers))

    def _reply_error(self, reply: Reply) -> GraphError:
        """Return the error from `problem`; if `problem` itself fails, the one for the status."""
        return call_error_hook(partial(self.problem, reply), partial(self._error_for_status, reply))

    @property
    def cache_variant(self) -> str:
        """A part of the cache key: a digest of the forwarded headers that may change answers.

        Whole answers have no such part in their key, so a dependency on a header makes the running one uncacheable.
        """
        if not self._headers_affecting_answers:
            return ""
        self.scope.dependencies.make_uncacheable()
        return digest_headers(select_forwarded(self._headers_affecting_answers, self.scope.viewer.headers or {}))

    def _prepare(self, call: Call) -> Call:
        """Add the caller's headers and the options of the running operation to the call."""
        operation: BackendOperation | None = getattr(type(self), self._operation) if self._operation else None
        if operation is not None:
            check_method(operation, call.method)
            call.safe, call.scope = operation.repeatable, operation.policy.scope
        call.caller = self.scope.viewer.headers
        if self.propagates:
            call.headers = select_forwarded(self.propagates, self.scope.viewer.headers or {}) | call.headers
        return call

    @property
    def _client(self) -> CallSender:
        """The client for the calls of this operation.

        Observers and a cache that waits for the reply each wrap it; otherwise it is the backend's own client.
        """
        client = self._backend.client
        if self.scope.observers.observes_calls:
            client = ObservedClient(client)
        listener = reply_listener.get()
        if listener is None:
            return client
        ignored = frozenset(self.propagates).difference(self._headers_affecting_answers)
        return RevalidatingClient(client, listener, ignored)

    def _guarded(self, call: Call, attempt: Attempt[T]) -> Awaitable[T]:
        """Run `attempt`, which sends the call and reads the reply, as often and whenever the backend's guard allows."""
        self.calls_sent += 1
        if self.scope.observers.observes_calls:
            attempt = observe_attempt(attempt, self.scope.observers, self.name, self._operation)
        return self._backend.guard.run(self._operation, attempt, repeatable=call.repeatable)

    @property
    def _backend(self) -> AdapterBackend:
        if self._operation is None:
            # A call outside of a declared operation: no cache entry stands for it, so the whole answer is not cached.
            self.scope.dependencies.make_uncacheable()
        backend: AdapterBackend = self.scope.resources.backend(type(self))
        return backend
