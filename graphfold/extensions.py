"""Add entries to the `extensions` of an answer: what a client should know although it is no error.

Code deep inside an operation reports through a context variable, so nothing has to hand a collector down to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from graphfold.errors import GraphError

__all__ = ["ResponseExtensions", "add_extension", "collect_extensions", "record_covered_error"]


class ResponseExtensions(dict[str, list[Mapping[str, Any]]]):
    """The entries by name in `extensions`, in the order in which they were added.

    `covered_errors` is for the log: errors that do not show in the answer, each after what answered instead (a fallback
    or a stale value).
    """

    __slots__ = ("covered_errors",)

    def __init__(self) -> None:
        super().__init__()
        self.covered_errors: list[tuple[str, GraphError]] = []


_collected: ContextVar[ResponseExtensions | None] = ContextVar("graphfold_notes", default=None)


def add_extension(name: str, entry: Mapping[str, object]) -> None:
    """Add an entry, which must be JSON, under this name to the running operation's answer; outside of one, drop it."""
    extensions = _collected.get()
    if extensions is not None:
        extensions.setdefault(name, []).append(entry)


def record_covered_error(answered_by: str, error: GraphError) -> None:
    """Record an error that the running operation's answer does not show, since something else answered instead."""
    extensions = _collected.get()
    if extensions is not None:
        extensions.covered_errors.append((answered_by, error))


@contextmanager
def collect_extensions() -> Iterator[ResponseExtensions]:
    """Collect the entries added inside the block, and by the tasks it starts: they inherit the one collection."""
    extensions = ResponseExtensions()
    token = _collected.set(extensions)
    try:
        yield extensions
    finally:
        _collected.reset(token)
