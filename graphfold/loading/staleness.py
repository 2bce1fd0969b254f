"""What was told although it had ended, and where in the answer: `extensions.freshness`.

A load does not know its place in the answer, and need not: only where something stale is told it is asked for. Whoever
runs resolvers leaves a `Whereabouts` in their context, which is all that this costs while everything is fresh.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from graphfold.loading.answer import Stale

__all__ = ["Outdated", "Whereabouts", "here", "located", "report"]

Path = list[str | int]


class Whereabouts:
    """The place of the answer that a resolver runs for. `path` is set at the latest when the resolver is a task."""

    __slots__ = ("path",)

    def __init__(self, path: Callable[[], Path] | None = None) -> None:
        self.path = path


here: ContextVar[Whereabouts | None] = ContextVar("graphfold_whereabouts", default=None)


class Outdated:
    """Something stale that was told by an operation of a backend. `path` where it is known better than by `where`."""

    __slots__ = ("backend", "operation", "path", "stale", "where")

    def __init__(self, stale: Stale, backend: str, operation: str) -> None:
        self.stale, self.backend, self.operation = stale, backend, operation
        self.where = here.get()
        self.path: Callable[[], Path] | None = None

    def json(self) -> dict[str, Any]:
        path = self.path or (self.where.path if self.where is not None else None)
        told = {"path": path() if path is not None else None, "age": round(self.stale.age, 3)}
        return told | {"because": self.stale.because, "backend": self.backend, "operation": self.operation}


def located(outdated: list[Outdated], where: Whereabouts | None, path: Callable[[], Path]) -> None:
    """The last of these were told by whoever ran at `where`, which was at this path."""
    for told in reversed(outdated):
        if told.where is not where or told.path is not None:
            break
        told.path = path


def report(outdated: list[Outdated]) -> list[dict[str, Any]]:
    """One entry for each path and operation, the oldest, in the order of the answer's paths."""
    oldest: dict[Any, dict[str, Any]] = {}
    for told in sorted((told.json() for told in outdated), key=lambda told: -told["age"]):
        oldest.setdefault((repr(told["path"]), told["backend"], told["operation"]), told)
    return sorted(oldest.values(), key=lambda told: [f"{step:>9}" for step in told["path"] or ()])
