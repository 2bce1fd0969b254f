"""`Adapter`: what backends of every protocol have in common, declared on the class and checked when it is defined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from graphfold.adapter.problems import by_status
from graphfold.credentials.credential import Credential
from graphfold.declarations import current
from graphfold.errors import GraphError
from graphfold.loading.operation import Operation
from graphfold.loading.scope import Scope
from graphfold.mistakes import Mistake, here
from graphfold.rows.row import Row
from graphfold.rows.selection import wire_names, wire_selection
from graphfold.rows.structs import ORIGINS

if TYPE_CHECKING:
    from graphfold.adapter.backend import Backend
    from graphfold.transport.call import Reply

__all__ = ["Adapter"]


class Adapter:
    """One backend. Subclass `RestAdapter`, `SoapAdapter` or `GraphQLAdapter`; the class name gives the backend's name.

    An instance belongs to one graph operation: resolvers get it by naming the class in their signature.
    """

    name: ClassVar[str] = ""
    where: ClassVar[str] = ""
    """`file:line` of its declaration."""
    protocol: ClassVar[str] = ""
    owner: ClassVar[str] = ""
    """Who to call about it: a team or an address."""
    critical: ClassVar[bool] = True
    """Whether the graph counts as broken without it."""
    identity: ClassVar[Literal["viewer", "service"]] = "viewer"
    """Whose answers these are. `service`: the backend is told nothing of the caller, so what it says may be shared.
    `viewer`: each caller's are kept apart, whatever the backend may know of them.
    """
    credential: ClassVar[Credential] = Credential()
    max_parallel: ClassVar[int] = 32
    """Most calls at once from this process."""
    timeout: ClassVar[float | None] = None
    """Seconds for one call in total, where the graph's setting does not fit."""

    __slots__ = ("_operation", "_whole", "scope")

    def __init__(self, scope: Scope, operation: str | None = None, *, whole: bool = False) -> None:
        self.scope, self._operation, self._whole = scope, operation, whole

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__module__.startswith("graphfold.adapter."):
            return
        if "name" not in cls.__dict__:
            cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.where = here()
        _check_name(cls)
        _check_credential(cls)
        for operation in cls.operations():
            _check_share(cls, operation)
            if operation.row is not None:
                ORIGINS.setdefault(operation.row, (cls.name, operation.name))
        if cls.operations():  # without any it is a base for other adapters
            current().adapters.append(cls)

    @classmethod
    def operations(cls) -> list[Operation]:
        """What it can be asked, in the order of the class body; what a base class declares comes first."""
        bodies = [vars(kind) for kind in reversed(cls.__mro__)]
        found = {name: value for body in bodies for name, value in body.items() if isinstance(value, Operation)}
        return list(found.values())

    @classmethod
    def needs(cls) -> tuple[str, ...]:
        """The settings it cannot work without."""
        return ("url", *cls.credential.needs)

    def asked(self, row: type[Row[Any]]) -> frozenset[str]:
        """The OnDemand fields of `row` that the running query wants."""
        return row.shape.on_demand if self._whole else self.scope.asked(row)

    def wire(self, row: type[Row[Any]]) -> str:
        """The wanted fields of `row` in the backend's names, comma-joined."""
        return wire_names(row, self.asked(row))

    def selection(self, row: type[Row[Any]]) -> str:
        """The wanted fields of `row` as a GraphQL selection in the backend's names."""
        return wire_selection(row, self.asked(row))

    def calling(self, operation: str, *, whole: bool) -> Self:
        """This adapter, within one of its operations."""
        return type(self)(self.scope, operation, whole=whole)

    def problem(self, reply: Reply) -> GraphError:
        """The typed error for a reply that is not a success. Override for the backend's own error bodies."""
        return by_status(reply)

    @property
    def _repeatable(self) -> bool:
        """Whether its calls do no harm when they arrive twice: it is reading, or writes what it may write again."""
        operation = getattr(type(self), self._operation) if self._operation else None
        return operation is not None and (operation.kind != "write" or operation.policy.idempotent)

    @property
    def _backend(self) -> Backend:
        if self._operation is None:  # a call of its own, which no cache knows
            self.scope.parts.spoil()
        backend: Backend = self.scope.home.backend(type(self))
        return backend


def _check_name(cls: type[Adapter]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", cls.name):
        raise Mistake(
            here(),
            f"{cls.__name__}: name={cls.name!r} is not a backend's name",
            why="it names settings (GRAPHFOLD_CRM_URL), log fields and error reports.",
            fix='use lower case letters, digits and underscores, e.g. name = "crm".',
        )


def _check_credential(cls: type[Adapter]) -> None:
    if not isinstance(cls.credential, Credential):
        raise Mistake(
            here(),
            f"{cls.__name__}: credential={cls.credential!r} is no credential",
            why="it says how the adapter signs in; its secrets come from the settings.",
            fix='use one of graphfold.credentials with its brackets, e.g. credential = ApiKey("X-Api-Key").',
        )


def _check_share(cls: type[Adapter], operation: Operation) -> None:
    if operation.policy.ttl and operation.policy.share == "public" and cls.identity == "viewer":
        raise Mistake(
            here(),
            f'{cls.__name__}.{operation.name}: share="public", but {cls.__name__} calls as the viewer',
            why="one viewer's answer would be shown to another.",
            fix='use share="viewer", or say identity = "service" if it calls with its own credentials.',
        )
