"""Find the attributes that a resolver reads of its parent object.

They decide which OnDemand fields a query needs. Where the source is not clear, all of them are taken to be needed: the
answer is still right, and only more is fetched.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphfold.source import syntax_tree

__all__ = ["attributes_read"]


@lru_cache(None)
def attributes_read(function: Callable[..., Any]) -> frozenset[str] | None:
    """Return the attributes of its first parameter that a function reads; None if that is unknown.

    It is unknown where the source is missing, and where the parameter is used as a whole, such as passed to a call.
    """
    tree = syntax_tree(function)
    parameters = list(inspect.signature(function).parameters)
    if tree is None or not parameters:
        return None
    owner = parameters[0]
    uses = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == owner]
    attributes = [
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == owner
    ]
    return frozenset(attributes) if len(uses) == len(attributes) else None
