"""The least privilege of each backend operation: the identity it calls with, and the permissions it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphfold.adapter.base import Adapter
from graphfold.settings import BackendSettings

__all__ = ["Privilege", "privileges"]


@dataclass(frozen=True, slots=True)
class Privilege:
    """The needs of one operation. `scope` is empty for credentials without scopes, `variables` are their settings."""

    backend: str
    operation: str
    kind: str
    identity: str
    credential: str
    scope: str
    variables: tuple[str, ...]
    propagates: tuple[str, ...]


def privileges(adapters: Iterable[type[Adapter]]) -> list[Privilege]:
    """Return the privilege of each operation of each adapter, in the order of declaration."""
    return [
        Privilege(
            backend=adapter.name,
            operation=operation.name,
            kind=operation.kind,
            identity=adapter.identity,
            credential=str(adapter.credential),
            scope=adapter.credential.scope_of(operation.policy.scope),
            variables=tuple(BackendSettings(adapter.name).missing(adapter.credential.needs)),
            propagates=adapter.propagates,
        )
        for adapter in adapters
        for operation in adapter.operations()
    ]
