"""Remarks on an answer: what a client should know although it is no error, told in the answer's `extensions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from graphfold.errors import GraphError

__all__ = ["ResponseExtensions", "add_extension", "collect_extensions", "record_covered_error"]


class ResponseExtensions(dict[str, list[Mapping[str, Any]]]):
    """Kind -> entries in the order they came; the shape `extensions` tells them in.

    `covered` is for the log: errors that are none of the answer's, each after what was answered instead.
    """

    __slots__ = ("covered_errors",)

    def __init__(self) -> None:
        super().__init__()
        self.covered_errors: list[tuple[str, GraphError]] = []


_notes: ContextVar[ResponseExtensions | None] = ContextVar("graphfold_notes", default=None)


def add_extension(kind: str, entry: Mapping[str, Any]) -> None:
    """Add a remark to the running operation's answer. `entry` must be JSON. Outside an operation it is dropped."""
    notes = _notes.get()
    if notes is not None:
        notes.setdefault(kind, []).append(entry)


def record_covered_error(answered_by: str, error: GraphError) -> None:
    """This error does not show in the running operation's answer: something else was told in its place."""
    notes = _notes.get()
    if notes is not None:
        notes.covered_errors.append((answered_by, error))


@contextmanager
def collect_extensions() -> Iterator[ResponseExtensions]:
    """Collect what is noted inside the block, also by the tasks it starts: they share the one dictionary."""
    notes = ResponseExtensions()
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)
