"""Refuse HTTP methods that change something in reads and batches, which may be sent again."""

from __future__ import annotations

from graphfold.loading.backend_operation import BackendOperation
from graphfold.mistakes import Mistake, author_location

__all__ = ["CHANGING", "changing_read", "check_method"]

CHANGING = ("PUT", "PATCH", "DELETE")
"""POST is not among them: many backends use it for searches."""


def check_method(operation: BackendOperation, method: str) -> None:
    """Raises the `Mistake` of a read that is about to change something."""
    if method.upper() in CHANGING and operation.kind != "write":
        raise changing_read(author_location(), operation.name, operation, method)


def changing_read(where: str, name: str, operation: BackendOperation, method: str) -> Mistake:
    return Mistake(
        where,
        f"{name} is a @{operation.kind}, but sends {method}",
        why="what a read sends may be repeated, and its answer shown again without asking.",
        fix="declare it as a @write; with idempotent=True if it may be sent again.",
    )
