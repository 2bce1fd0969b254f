"""The operations of an adapter: batches, reads and writes. On the class declarations, on an instance handles."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, ParamSpec, TypeVar, overload

from graphfold.cache.terms import Terms
from graphfold.loading.arguments import Signature
from graphfold.loading.handle import Batch, Read, Write
from graphfold.rows.row import Row

__all__ = ["BackendOperation", "BatchOperation", "Gives", "Policy", "ReadOperation", "WriteOperation"]

Gives = Literal["row", "list", "value"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Policy(Terms):
    """How an operation is called and remembered, and what it gives for a key.

    A key that `key_pattern` does not match cannot exist; keys that `key` makes equal are one; of a load that is split
    by `max_size` so many parts are under way at once; `scope` is what the access token for it has to allow. `group` is
    whose circuit breaker it shares; `hedge` allows a second call when the first is slow; what is not `critical` goes
    without where the backend's quota is nearly used up.
    """

    max_size: int = 200
    idempotent: bool = False
    scope: str = ""
    gives: Gives = "value"
    key_pattern: re.Pattern[str] | None = None
    key: Callable[[Any], Any] | None = None
    parallel: int = 4
    key_type: Any = str
    group: str = ""
    hedge: bool = False
    critical: bool = True

    @property
    def checks_keys(self) -> bool:
        """Are there texts, numbers ... of the keys' type that cannot be keys?"""
        return self.key is not None or self.key_pattern is not None

    def written(self, key: Any) -> Any:
        """The key in the one way in which it is written here; None for what cannot be a key."""
        if self.key is None:
            return key
        try:
            return self.key(key)
        except (TypeError, ValueError, AttributeError):
            return None


class BackendOperation:
    """What every kind has in common: the author's function, its policy, and its name once it belongs to an adapter.

    `repeatable`: its calls do no harm when they arrive twice. It is reading, or writes what it may write again.
    """

    kind: ClassVar[Literal["batch", "read", "write"]]

    def __init__(
        self,
        function: Callable[..., Any],
        policy: Policy,
        row: type[Row[Any]] | None,
        primes: BackendOperation | None = None,
    ) -> None:
        self.primes = primes
        self.function, self.policy, self.row = function, policy, row
        self.name = getattr(function, "__name__", "?")
        self.owner: type | None = None
        self.bound = Signature(function, skip=2 if self.kind == "batch" else 1).bound
        self.repeatable = self.kind != "write" or policy.idempotent
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    @property
    def description(self) -> str:
        return (self.__doc__ or "").strip().partition("\n")[0]


class BatchOperation(BackendOperation, Generic[K, P, V]):
    """Many keys, one call."""

    kind = "batch"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> BatchOperation[K, P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> Batch[K, P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> BatchOperation[K, P, V] | Batch[K, P, V]:
        return self if adapter is None else Batch(self, adapter)

    if not TYPE_CHECKING:  # type checkers say this themselves

        def __getattr__(self, name: str) -> Any:
            if name in ("load", "find", "ref", "load_many", "prime", "forget", "whole"):
                owner = self.owner.__name__ if self.owner else "Adapter"
                raise AttributeError(
                    f"{owner}.{self.name}.{name}: this is the declaration, not a connection. Let the resolver ask for "
                    f"the adapter: `async def field(self: ..., {owner.lower()}: {owner})`, "
                    f"then `{owner.lower()}.{self.name}.{name}(...)`."
                )
            raise AttributeError(name)


class ReadOperation(BackendOperation, Generic[P, V]):
    """A page, a search, a single thing without a key: same arguments, same answer, one call."""

    kind = "read"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> ReadOperation[P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> Read[P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> ReadOperation[P, V] | Read[P, V]:
        return self if adapter is None else Read(self, adapter)


class WriteOperation(BackendOperation, Generic[P, V]):
    """Changes something: never cached, never shared, never repeated unless it is declared idempotent."""

    kind = "write"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> WriteOperation[P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> Write[P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> WriteOperation[P, V] | Write[P, V]:
        return self if adapter is None else Write(self, adapter)
