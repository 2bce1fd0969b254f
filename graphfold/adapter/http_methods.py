"""Refuse HTTP methods that change something in reads and batches, which may be retried and cached."""

from __future__ import annotations

from graphfold.loading.backend_operation import BackendOperation
from graphfold.mistakes import Mistake, author_location

__all__ = ["WRITE_METHODS", "check_method", "write_method_in_read"]

WRITE_METHODS = ("PUT", "PATCH", "DELETE")
"""POST is not among them: many backends use it for searches."""


def check_method(operation: BackendOperation, method: str) -> None:
    """Raise `Mistake` if a read or batch is about to send a method that changes something."""
    if method.upper() in WRITE_METHODS and operation.kind != "write":
        raise write_method_in_read(author_location(), operation.name, operation, method)


def write_method_in_read(where: str, name: str, operation: BackendOperation, method: str) -> Mistake:
    """Return the mistake of a read or batch called `name` that sends `method`."""
    return Mistake(
        where,
        f"{name} is a @{operation.kind}, but sends {method}",
        why="the call of a read may be sent again, and its answer is served from the cache.",
        fix="declare it as a @write; with idempotent=True if it may be sent again.",
    )
