"""`Adapter`: what backends of every protocol have in common, declared on the class and checked when it is defined."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from graphfold.adapter.attributes import Identity, check_attributes
from graphfold.adapter.grants import check_credential, check_operation
from graphfold.adapter.http_methods import check_method
from graphfold.adapter.judging import judged
from graphfold.adapter.listened import Listened, Sends
from graphfold.adapter.observed import ObservedClient, observed
from graphfold.adapter.problems import by_status
from graphfold.adapter.propagation import check_propagation, passed_on, variant, varying
from graphfold.credentials.credential import Credential
from graphfold.declarations import current_declarations
from graphfold.errors import GraphError
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.reply_listener import reply_listener
from graphfold.loading.scope import OperationScope
from graphfold.manifest import Manifest
from graphfold.mistakes import Mistake, author_location
from graphfold.resilience.options import Resilience
from graphfold.rows.row import Row
from graphfold.rows.selection import wire_names, wire_selection
from graphfold.rows.structs import ROW_ORIGINS

if TYPE_CHECKING:
    from graphfold.adapter.backend import Backend
    from graphfold.resilience.guard import Attempt
    from graphfold.transport.call import Call, Reply

__all__ = ["Adapter"]

T = TypeVar("T")


class Adapter:
    """One backend. Subclass `RestAdapter`, `SoapAdapter` or `GraphQLAdapter`; the class name gives the backend's name.

    An instance belongs to one graph operation: resolvers get it by naming the class in their signature.
    """

    name: ClassVar[str] = ""
    where: ClassVar[str] = ""
    """`file:line` of its declaration."""
    protocol: ClassVar[str] = ""
    manifest: ClassVar[Manifest] = Manifest()
    """Who to call about it, how much hangs on it, and what it claims to do."""
    identity: ClassVar[Identity] = "viewer"
    """Whose answers these are. `service`: the backend is told nothing of the caller, so what it says may be shared.
    `viewer`: each caller's are kept apart, whatever the backend may know of them.
    """
    credential: ClassVar[Credential] = Credential()
    propagates: ClassVar[tuple[str, ...]] = ()
    """Headers of the caller that go on to the backend: `("accept-language",)`. None that is not named does."""
    _varying: ClassVar[tuple[str, ...]] = ()
    resilience: ClassVar[Resilience] = Resilience()
    """What is done about trouble with the backend: retries, breaker, how many calls at once, quota."""
    timeout: ClassVar[float | None] = None
    """Seconds for one call with its repetitions, where the graph's setting does not fit. A wait on our side, for a
    place or for the quota, begins them anew.
    """

    __slots__ = ("_operation", "_whole", "scope", "sent")

    def __init__(self, scope: OperationScope, operation: str | None = None, *, whole: bool = False) -> None:
        self.scope, self._operation, self._whole = scope, operation, whole
        self.sent = 0  # calls, each with its repetitions

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("graphfold.adapter."):
            return
        if "name" not in cls.__dict__:
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.where = author_location()
        check_attributes(cls)
        _check_name(cls)
        check_credential(cls)
        check_propagation(cls)
        _check_resilience(cls)
        cls._varying = varying(cls.propagates)
        _check_manifest(cls)
        for operation in cls.operations():
            check_operation(cls, operation)
            if operation.row is not None:
                ROW_ORIGINS.setdefault(operation.row, (cls.name, operation.name))
        if cls.operations():  # without any it is a base for other adapters
            current_declarations().adapters.append(cls)

    @classmethod
    def operations(cls) -> list[BackendOperation]:
        """What it can be asked, in the order of the class body; what a base class declares comes first."""
        bodies = [vars(kind) for kind in reversed(cls.__mro__)]
        found = {name: value for body in bodies for name, value in body.items() if isinstance(value, BackendOperation)}
        return list(found.values())

    @classmethod
    def needs(cls) -> tuple[str, ...]:
        """The settings it cannot work without."""
        return ("url", *cls.credential.needs)

    def requested_fields(self, row: type[Row[Any]]) -> frozenset[str]:
        """The OnDemand fields of `row` that the running query wants."""
        return row.shape.on_demand if self._whole else self.scope.requested_fields(row)

    def wire(self, row: type[Row[Any]]) -> str:
        """The wanted fields of `row` in the backend's names, comma-joined."""
        return wire_names(row, self.requested_fields(row))

    def selection(self, row: type[Row[Any]]) -> str:
        """The wanted fields of `row` as a GraphQL selection in the backend's names."""
        return wire_selection(row, self.requested_fields(row))

    def calling(self, operation: str, *, whole: bool) -> Self:
        """This adapter, within one of its operations."""
        return type(self)(self.scope, operation, whole=whole)

    def may_part(self, sent: int) -> bool:
        """Whether a batch that failed may be asked for again in two parts, where so many calls had been sent before it.

        If none was since, that repeats nothing; else it is for the retry budget to say.
        """
        return self.sent == sent or self._backend.guard.spend_retry()

    def problem(self, reply: Reply) -> GraphError:
        """The typed error for a reply that is not a success. Override for the backend's own error bodies."""
        return self._by_status(reply)

    def _by_status(self, reply: Reply) -> GraphError:
        return by_status(reply, of_caller=bool(self.credential.caller_headers))

    def _refusal(self, reply: Reply) -> GraphError:
        """What `problem` makes of the reply; where it fails itself, what the status says."""
        return judged(partial(self.problem, reply), partial(self._by_status, reply))

    @property
    def passed_on(self) -> dict[str, str]:
        """Those of the caller's headers that this backend is sent."""
        return passed_on(self.propagates, self.scope.viewer.headers or {})

    @property
    def variant(self) -> str:
        """What answers depend on beside their arguments and the viewer: the caller's headers that were passed on.

        Whole answers are not told apart by them, so none is kept.
        """
        if not self._varying:
            return ""
        self.scope.dependencies.make_uncacheable()
        return variant(passed_on(self._varying, self.scope.viewer.headers or {}))

    def _on_behalf(self, call: Call) -> Call:
        """The call as it goes out: on behalf of the caller and with what the running operation declares."""
        operation: BackendOperation | None = getattr(type(self), self._operation) if self._operation else None
        if operation is not None:
            check_method(operation, call.method)
            call.safe, call.scope = operation.repeatable, operation.policy.scope
        call.caller = self.scope.viewer.headers
        if self.propagates:
            call.headers = self.passed_on | call.headers
        return call

    @property
    def _client(self) -> Sends:
        """What sends a call. Where a cache wants to hear how fresh the reply is, it does."""
        client: Sends = self._backend.client
        if self.scope.observers.observes_calls:
            client = ObservedClient(client)
        listener = reply_listener.get()
        if listener is None:
            return client
        return Listened(client, listener, frozenset(self.propagates).difference(self._varying))

    def _guarded(self, call: Call, attempt: Attempt[T]) -> Awaitable[T]:
        """What `attempt` gives, which sends the call and judges the reply. The guard decides when, and how often."""
        self.sent += 1
        if self.scope.observers.observes_calls:
            attempt = observed(attempt, self.scope.observers, self.name, self._operation)
        return self._backend.guard.run(self._operation, attempt, repeatable=call.repeatable)

    @property
    def _backend(self) -> Backend:
        if self._operation is None:  # a call of its own, which no cache knows
            self.scope.dependencies.make_uncacheable()
        backend: Backend = self.scope.resources.backend(type(self))
        return backend


def _check_name(cls: type[Adapter]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", cls.name):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: name={cls.name!r} is not a backend's name",
            why="it names settings (GRAPHFOLD_CRM_URL), log fields and error reports.",
            fix='use lower case letters, digits and underscores, e.g. name = "crm".',
        )


def _check_resilience(cls: type[Adapter]) -> None:
    if not isinstance(cls.resilience, Resilience):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: resilience={cls.resilience!r} does not say what is done about trouble",
            why="it decides when the backend is called, and when it is left alone.",
            fix="write resilience = Resilience(...), with `from graphfold.resilience import Resilience`.",
        )


def _check_manifest(cls: type[Adapter]) -> None:
    if "manifest" not in cls.__dict__:
        return
    if not isinstance(cls.manifest, Manifest):
        raise Mistake(
            author_location(),
            f"{cls.__name__}: manifest={cls.manifest!r} is no manifest",
            why="it says who answers for the adapter.",
            fix='write manifest = Manifest(owner="crm team", contact="crm@company.example").',
        )
    for what, why, fix in cls.manifest.problems():
        raise Mistake(author_location(), f"{cls.__name__}.manifest: {what}", why=why, fix=f"{fix}.")
