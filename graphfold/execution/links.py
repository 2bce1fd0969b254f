"""Recognise a resolver that is only a load, and its key: a whole level then runs as keys, one batch, values.

`async def stock(self: Product, inventory: Inventory) -> Stock | None: return await inventory.stock.find(self.sku)`
is such a link. Exactly this shape is recognised (also without async and await): an injected adapter, one of its
batches, `load`, `find` or `ref`, and one attribute of self. All other resolvers are driven, which is always right.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from graphfold.source import syntax_tree

__all__ = ["Link", "find_link"]

ReadMode = Literal["load", "find", "ref"]


@dataclass(frozen=True, slots=True)
class Link:
    """A field that is a load: the adapter, its batch, the method called, the parent's attribute and its getter."""

    adapter: type
    batch: str
    way: ReadMode
    key: str
    keys: Callable[[Any], Any]


def find_link(function: Callable[..., Any], injected: Mapping[str, type]) -> Link | None:
    """Return the link that a resolver function is; None if it is anything else, or has no source."""
    tree = syntax_tree(function)
    if tree is None or len(injected) != 1:
        return None
    parameters = [argument.arg for argument in tree.args.args]
    if len(parameters) != 2 or tree.args.kwonlyargs or tree.args.vararg or tree.args.kwarg:
        return None
    call = _returned(tree)
    match call:
        case ast.Call(
            ast.Attribute(ast.Attribute(ast.Name(adapter), batch), ("load" | "find" | "ref") as way),
            [ast.Attribute(ast.Name(owner), key)],
            [],
        ) if parameters[0] == owner and adapter in injected and parameters[1] == adapter:
            return Link(injected[adapter], batch, way, key, attrgetter(key))
    return None


def _returned(tree: ast.AsyncFunctionDef | ast.FunctionDef) -> ast.AST | None:
    """Return the expression that a function returns, if the function does nothing else."""
    body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if len(body) != 1 or not isinstance(body[0], ast.Return):
        return None
    value = body[0].value
    if isinstance(tree, ast.AsyncFunctionDef):
        return value.value if isinstance(value, ast.Await) else None
    return value
