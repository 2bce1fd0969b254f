"""The batches, reads and writes that an adapter class declares. On an instance, each is bound to its operation.

They are descriptors: `Crm.customers` is the declaration, `crm.customers` a `BoundBatch` for the running operation.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.bound_operations import BoundBatch, BoundRead, BoundWrite

__all__ = ["BatchOperation", "ReadOperation", "WriteOperation"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


class BatchOperation(BackendOperation, Generic[K, P, V]):
    """An operation that takes many keys in one call."""

    kind = "batch"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> BatchOperation[K, P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> BoundBatch[K, P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> BatchOperation[K, P, V] | BoundBatch[K, P, V]:
        return self if adapter is None else BoundBatch(self, adapter)

    if not TYPE_CHECKING:  # type checkers report the mistake themselves

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
    """An operation without keys, such as a page or a search. Equal arguments share one call."""

    kind = "read"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> ReadOperation[P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> BoundRead[P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> ReadOperation[P, V] | BoundRead[P, V]:
        return self if adapter is None else BoundRead(self, adapter)


class WriteOperation(BackendOperation, Generic[P, V]):
    """An operation that changes something: never cached or shared, and repeated only if it is declared idempotent."""

    kind = "write"

    @overload
    def __get__(self, adapter: None, owner: type[Any]) -> WriteOperation[P, V]: ...
    @overload
    def __get__(self, adapter: object, owner: type[Any]) -> BoundWrite[P, V]: ...
    def __get__(self, adapter: Any, owner: type[Any]) -> WriteOperation[P, V] | BoundWrite[P, V]:
        return self if adapter is None else BoundWrite(self, adapter)
