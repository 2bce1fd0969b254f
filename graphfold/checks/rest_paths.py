"""Check that the paths in an adapter's calls are below its backend's address."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import strawberry

from graphfold.adapter.rest import RestAdapter, is_below_address, path_for_log
from graphfold.checks.adapter_source import AdapterFunction, adapter_functions
from graphfold.declarations import Declarations
from graphfold.mistakes import Mistake

__all__ = ["check_rest_paths"]

_PATH_POSITIONS = {"get": 0, "exchange": 1, "request": 1}
"""The methods of a REST adapter that take a path, and its position among their arguments."""


def check_rest_paths(_schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a call whose path, as its source has it, leads to another server."""
    for adapter in declarations.adapters:
        if not issubclass(adapter, RestAdapter):
            continue
        for function in adapter_functions(adapter):
            for call, path in _paths(function):
                if not is_below_address(path):
                    raise Mistake(
                        function.place(call),
                        f"{function.name} requests {path_for_log(path)!r}, which is not below the backend's address",
                        why=f"the address of the backend is the setting GRAPHFOLD_{adapter.name.upper()}_URL.",
                        fix='write the path alone, from its first slash: "/orders".',
                    )


def _paths(function: AdapterFunction) -> Iterator[tuple[ast.Call, str]]:
    """Yield each call with the literal start of its path, which is empty if it starts with an expression."""
    for method, position in _PATH_POSITIONS.items():
        for call in function.calls(method):
            if position < len(call.args):
                path = call.args[position]
                first = path.values[0] if isinstance(path, ast.JoinedStr) and path.values else path
                yield call, str(first.value) if isinstance(first, ast.Constant) else ""
