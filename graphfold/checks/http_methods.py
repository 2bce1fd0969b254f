"""Check that no read or batch of an adapter sends an HTTP method that changes something."""

from __future__ import annotations

import ast

import strawberry

from graphfold.adapter.http_methods import CHANGING, changing_read
from graphfold.adapter.rest import RestAdapter
from graphfold.checks.adapter_source import adapter_functions
from graphfold.declarations import Declarations

__all__ = ["check_http_methods"]


def check_http_methods(_schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a read or batch whose source names a method that changes something."""
    for adapter in declarations.adapters:
        if not issubclass(adapter, RestAdapter):
            continue
        for function in adapter_functions(adapter):
            operation = function.operation
            if operation is None or operation.kind == "write":
                continue
            for call in function.calls("request", "exchange"):
                method = _method(call)
                if method.upper() in CHANGING:
                    raise changing_read(function.place(call), function.name, operation, method)


def _method(call: ast.Call) -> str:
    """Return the HTTP method of a call; nothing if it is not a literal."""
    named = [keyword.value for keyword in call.keywords if keyword.arg == "method"]
    argument = next(iter([*call.args, *named]), None)
    return str(argument.value) if isinstance(argument, ast.Constant) else ""
