"""Check that no read or batch of an adapter sends an HTTP method that changes something."""

from __future__ import annotations

import ast

import strawberry

from graphfold.adapter.http_methods import WRITE_METHODS, write_method_in_read
from graphfold.adapter.rest import RestAdapter
from graphfold.checks.adapter_source import adapter_functions, argument
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
                match argument(call, "method", 0):
                    case ast.Constant(str(method)) if method.upper() in WRITE_METHODS:
                        raise write_method_in_read(function.place(call), function.name, operation, method)
