"""Read the functions of adapters as syntax trees, for the checks that need no running backend."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.loading.backend_operation import BackendOperation
from graphfold.mistakes import function_location
from graphfold.source import syntax_tree

__all__ = ["AdapterFunction", "adapter_functions", "argument"]


@dataclass(frozen=True, slots=True)
class AdapterFunction:
    """A function of an adapter's class body; `operation` is None for plain methods."""

    function: Callable[..., Any]
    operation: BackendOperation | None
    tree: ast.AST

    @property
    def name(self) -> str:
        return self.function.__qualname__

    def place(self, node: ast.expr) -> str:
        """Return `file:line` of a node of the function."""
        return function_location(self.function, node.lineno - 1)

    def calls(self, *methods: str) -> Iterator[ast.Call]:
        """Return the calls of these methods of `self`."""
        for node in ast.walk(self.tree):
            match node:
                case ast.Call(ast.Attribute(ast.Name("self"), method)) if method in methods:
                    yield node


def argument(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """Return an argument of a call by its name, or at its position if it has one; None if the call does not pass it."""
    if position is not None and position < len(call.args):
        return call.args[position]
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def adapter_functions(adapter: type[Adapter]) -> list[AdapterFunction]:
    """Return the functions of an adapter and of its base classes outside the engine, if their source can be read."""
    return [
        AdapterFunction(function, value if isinstance(value, BackendOperation) else None, tree)
        for kind in adapter.__mro__
        if not kind.__module__.startswith("graphfold.adapter.")
        for value in vars(kind).values()
        if inspect.isfunction(function := value.function if isinstance(value, BackendOperation) else value)
        and (tree := syntax_tree(function)) is not None
    ]
