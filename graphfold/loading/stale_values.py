"""Record the stale values that an operation was served, with their response paths: `extensions.freshness`.

A load does not know where in the response its value goes, and keeping track of that for every load would cost time for
a rare case. So the runner of a resolver leaves a `ResolverPath` in the context, whose path is computed only if a stale
value is served while that resolver runs.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from graphfold.loading.load_result import StaleValue

__all__ = ["ResolverPath", "ServedStaleValue", "attach_path", "freshness_report", "resolver_path"]

Path = list[str | int]


class ResolverPath:
    """The response path of a running resolver. `path` computes it; it may be None until a task runs the resolver."""

    __slots__ = ("path",)

    def __init__(self, path: Callable[[], Path] | None = None) -> None:
        self.path = path


resolver_path: ContextVar[ResolverPath | None] = ContextVar("graphfold_resolver_path", default=None)


class ServedStaleValue:
    """A stale value that a backend operation served. `path`, set by `attach_path`, overrides that of `resolver`."""

    __slots__ = ("backend", "operation", "path", "resolver", "stale")

    def __init__(self, stale: StaleValue, backend: str, operation: str) -> None:
        self.stale, self.backend, self.operation = stale, backend, operation
        self.resolver = resolver_path.get()
        self.path: Callable[[], Path] | None = None

    def json(self) -> dict[str, Any]:
        """Return the entry of `extensions.freshness`."""
        path = self.path or (self.resolver.path if self.resolver is not None else None)
        return {
            "path": path() if path is not None else None,
            "age": round(self.stale.age, 3),
            "because": self.stale.because,
            "backend": self.backend,
            "operation": self.operation,
        }


def attach_path(stale_values: list[ServedStaleValue], resolver: ResolverPath | None, path: Callable[[], Path]) -> None:
    """Set the path of the last values, back to the first that another resolver was served or that has a path."""
    for value in reversed(stale_values):
        if value.resolver is not resolver or value.path is not None:
            break
        value.path = path


def freshness_report(stale_values: list[ServedStaleValue]) -> list[dict[str, Any]]:
    """Return one entry per path and operation, that of the oldest value, in the order of the response."""
    oldest: dict[Any, dict[str, Any]] = {}
    for entry in sorted((value.json() for value in stale_values), key=lambda entry: -entry["age"]):
        oldest.setdefault((repr(entry["path"]), entry["backend"], entry["operation"]), entry)
    return sorted(oldest.values(), key=lambda entry: [f"{step:>9}" for step in entry["path"] or ()])
