"""Find batches that call the backend once for each key, by their source."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphfold.loading.keys import each
from graphfold.source import syntax_tree

__all__ = ["calls_backend_per_key"]

_CALL_METHODS = {"get", "request", "exchange", "query", "invoke", "call"}
"""The methods of an adapter that call its backend."""
_LOOPS = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@lru_cache(None)
def calls_backend_per_key(function: Callable[..., Any]) -> bool:
    """Return whether a function of an adapter uses `each`, or calls the backend in a loop."""
    tree = syntax_tree(function)
    if tree is None:
        return False
    namespace = getattr(function, "__globals__", {})
    return any(_is_each(node, namespace) or _is_loop_with_call(node) for node in ast.walk(tree))


def _is_each(node: ast.AST, namespace: dict[str, Any]) -> bool:
    match node:
        case ast.Call(ast.Name(name)):
            return namespace.get(name) is each
        case ast.Call(ast.Attribute(ast.Name(module), name)):
            return getattr(namespace.get(module), name, None) is each
    return False


def _is_loop_with_call(node: ast.AST) -> bool:
    if not isinstance(node, _LOOPS):
        return False
    if isinstance(node, ast.While):
        iterated = None
    elif isinstance(node, ast.For | ast.AsyncFor):
        iterated = node.iter
    else:
        iterated = node.generators[0].iter
    # `for row in await self.get(...)` calls once: the expression that is iterated over is not part of the loop.
    outside = set(ast.walk(iterated)) if iterated is not None else set()
    for inner in ast.walk(node):
        match inner:
            case ast.Call(ast.Attribute(ast.Name("self"), method)) if method in _CALL_METHODS and inner not in outside:
                return True
    return False
