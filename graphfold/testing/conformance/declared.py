"""Rules about what is declared; no call is made."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from graphfold.testing.conformance.kit import Kit

__all__ = ["described", "lifecycle", "owner"]


def owner(kit: Kit) -> Iterator[str]:
    yield from (problem for problem, _, _ in kit.adapter.manifest.problems())


def described(kit: Kit) -> Iterator[str]:
    for operation in kit.adapter.operations():
        if not operation.description:
            yield f"{kit.adapter.name}.{operation.name} has no docstring"


def lifecycle(kit: Kit) -> Iterator[str]:
    manifest = kit.adapter.manifest
    yield from (f"there is no {name}" for name in ("version", "runbook") if not getattr(manifest, name))
    days = manifest.ends_in(datetime.now(UTC).date())
    if days is not None and days < 0:
        yield f"the backend was to end on {manifest.sunset}"
