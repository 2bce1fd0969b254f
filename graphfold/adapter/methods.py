"""Methods of HTTP that change something: a read or a batch sends none of them, since it may be sent again."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from graphfold.adapter.source import Written
from graphfold.loading.operation import Operation
from graphfold.mistakes import Mistake, here

__all__ = ["check_method", "check_methods"]

_CHANGING = ("PUT", "PATCH", "DELETE")
"""POST is not among them: many backends search so."""


def check_method(operation: Operation, method: str) -> None:
    """Raises the `Mistake` of a read that is about to change something."""
    if method.upper() in _CHANGING and operation.kind != "write":
        raise _mistake(here(), operation.name, operation, method)


def check_methods(functions: Iterable[Written]) -> None:
    """Raises the `Mistake` of a read that changes something, where its method is written out."""
    for written in functions:
        operation = written.operation
        if operation is None or operation.kind == "write":
            continue
        for call in written.calls("request", "exchange"):
            method = _method(call)
            if method.upper() in _CHANGING:
                raise _mistake(written.at(call), written.name, operation, method)


def _method(call: ast.Call) -> str:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    given = next(iter([*call.args, *named]), None)
    return str(given.value) if isinstance(given, ast.Constant) else ""


def _mistake(where: str, name: str, operation: Operation, method: str) -> Mistake:
    return Mistake(
        where,
        f"{name} is a @{operation.kind}, but sends {method}",
        why="what a read sends may be repeated, and its answer shown again without asking.",
        fix="declare it as a @write; with idempotent=True if it may be sent again.",
    )
