"""Remarks on an answer: what a client should know although it is no error, told in the answer's `extensions`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

__all__ = ["Notes", "collecting", "note"]

Notes: TypeAlias = dict[str, list[Mapping[str, Any]]]
"""Kind -> entries in the order they came; the shape `extensions` tells them in."""

_notes: ContextVar[Notes | None] = ContextVar("graphfold_notes", default=None)


def note(kind: str, entry: Mapping[str, Any]) -> None:
    """Add a remark to the running operation's answer. `entry` must be JSON. Outside an operation it is dropped."""
    notes = _notes.get()
    if notes is not None:
        notes.setdefault(kind, []).append(entry)


@contextmanager
def collecting() -> Iterator[Notes]:
    """Collect what is noted inside the block, also by the tasks it starts: they share the one dictionary."""
    notes: Notes = {}
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)
