"""Whether a batch is one in name only: its function makes a call for each key. Read from its source."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphfold.loading.keys import each
from graphfold.source import syntax_tree

__all__ = ["calls_backend_per_key"]

_CALLS = {"get", "request", "exchange", "query", "invoke", "call"}
"""The methods of an adapter that call its backend."""
_LOOPS = ast.For | ast.AsyncFor | ast.While | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@lru_cache(None)
def calls_backend_per_key(function: Callable[..., Any]) -> bool:
    """Does this function of an adapter use `each`, or call the backend in a loop?"""
    tree = syntax_tree(function)
    if tree is None:
        return False
    known = getattr(function, "__globals__", {})
    return any(_is_each(node, known) or _loops(node) for node in ast.walk(tree))


def _is_each(node: ast.AST, known: dict[str, Any]) -> bool:
    match node:
        case ast.Call(ast.Name(name)):
            return known.get(name) is each
        case ast.Call(ast.Attribute(ast.Name(module), name)):
            return getattr(known.get(module), name, None) is each
    return False


def _loops(node: ast.AST) -> bool:
    """A loop with a call inside; what it iterates over is asked for once."""
    if not isinstance(node, _LOOPS):
        return False
    once = node.iter if isinstance(node, ast.For | ast.AsyncFor) else None
    if not isinstance(node, ast.For | ast.AsyncFor | ast.While):
        once = node.generators[0].iter
    outside = set(ast.walk(once)) if once is not None else set()
    return any(_is_call(inner) for inner in ast.walk(node) if inner not in outside)


def _is_call(node: ast.AST) -> bool:
    match node:
        case ast.Call(ast.Attribute(ast.Name("self"), name)):
            return name in _CALLS
    return False
