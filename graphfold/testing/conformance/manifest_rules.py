"""Rules about what the manifest and the operations declare. They make no call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest

__all__ = ["described", "lifecycle", "owner"]


def owner(subject: AdapterUnderTest) -> Iterator[str]:
    yield from (problem for problem, _, _ in subject.adapter.manifest.problems())


def described(subject: AdapterUnderTest) -> Iterator[str]:
    for operation in subject.adapter.operations():
        if not operation.description:
            yield f"{subject.adapter.name}.{operation.name} has no docstring"


def lifecycle(subject: AdapterUnderTest) -> Iterator[str]:
    manifest = subject.adapter.manifest
    yield from (f"there is no {name}" for name in ("version", "runbook") if not getattr(manifest, name))
    days = manifest.ends_in(datetime.now(UTC).date())
    if days is not None and days < 0:
        yield f"the backend was to end on {manifest.sunset}"
