"""The functions of an adapter as they were written: what shows there is told before the first request."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.loading.backend_operations import BackendOperation
from graphfold.mistakes import place_of
from graphfold.source import syntax_tree

__all__ = ["AdapterFunction", "adapter_functions"]


@dataclass(frozen=True, slots=True)
class AdapterFunction:
    """One of them; `operation` where it is one."""

    function: Callable[..., Any]
    operation: BackendOperation | None
    tree: ast.AST

    @property
    def name(self) -> str:
        return self.function.__qualname__

    def at(self, node: ast.expr) -> str:
        """`file:line`."""
        return place_of(self.function, node.lineno - 1)

    def calls(self, *names: str) -> Iterator[ast.Call]:
        """Its calls of `self.name(...)`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "self":
                    yield node


def adapter_functions(adapter: type[Adapter]) -> list[AdapterFunction]:
    """Those of its class and of the author's classes below it, as far as their source can be read."""
    return [
        AdapterFunction(function, value if isinstance(value, BackendOperation) else None, tree)
        for kind in adapter.__mro__
        if not kind.__module__.startswith("graphfold.adapter.")
        for value in vars(kind).values()
        if inspect.isfunction(function := value.function if isinstance(value, BackendOperation) else value)
        and (tree := syntax_tree(function)) is not None
    ]
