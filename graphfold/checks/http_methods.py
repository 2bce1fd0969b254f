"""Check that no read or batch of an adapter sends an HTTP method that changes something."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from graphfold.adapter.http_methods import CHANGING, changing_read
from graphfold.checks.adapter_source import AdapterFunction

__all__ = ["check_methods"]


def check_methods(functions: Iterable[AdapterFunction]) -> None:
    """Raises the `Mistake` of a read that changes something, where its method is written out."""
    for written in functions:
        operation = written.operation
        if operation is None or operation.kind == "write":
            continue
        for call in written.calls("request", "exchange"):
            method = _method(call)
            if method.upper() in CHANGING:
                raise changing_read(written.at(call), written.name, operation, method)


def _method(call: ast.Call) -> str:
    named = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    given = next(iter([*call.args, *named]), None)
    return str(given.value) if isinstance(given, ast.Constant) else ""
