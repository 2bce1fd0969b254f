"""The least privilege of each operation: as whom it calls its backend, and what it has to be allowed there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graphfold.adapter.base import Adapter
from graphfold.settings import BackendSettings

__all__ = ["Privilege", "privileges"]


@dataclass(frozen=True, slots=True)
class Privilege:
    """`scope` is empty where the credential knows none, `variables` are what the credential is read from."""

    backend: str
    operation: str
    kind: str
    identity: str
    credential: str
    scope: str
    variables: tuple[str, ...]
    propagates: tuple[str, ...]


def privileges(adapters: Iterable[type[Adapter]]) -> list[Privilege]:
    """One for each operation of each adapter, in the order of their declaration."""
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
