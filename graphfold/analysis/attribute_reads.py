"""What a resolver needs, read from its source: which attributes of `self` it reads, which backend operations it uses.

The first decides which OnDemand fields a query wants; when it cannot be told, all are wanted, so the answer is right
and only more is fetched. The second is what checks and explanations are made of.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.source import syntax_tree

__all__ = ["reads_of", "uses_of"]


@lru_cache(None)
def reads_of(function: Callable[..., Any]) -> frozenset[str] | None:
    """The attributes of its first parameter that a resolver reads; None when that cannot be told."""
    tree = syntax_tree(function)
    parameters = list(inspect.signature(function).parameters)
    if tree is None or not parameters:
        return None
    owner = parameters[0]
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == owner]
    read = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner
    ]
    return frozenset(read) if len(uses) == len(read) else None


def uses_of(function: Callable[..., Any], injected: Mapping[str, type[Adapter]]) -> list[tuple[type[Adapter], str]]:
    """The operations a resolver mentions: `crm.customers` for a parameter `crm: Crm` is (Crm, "customers")."""
    tree = syntax_tree(function)
    if tree is None:
        return []
    found = [
        (injected[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in injected
    ]
    return list(dict.fromkeys(found))
