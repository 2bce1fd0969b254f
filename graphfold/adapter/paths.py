"""Paths that an adapter asks for: below its backend's address, wherever that is."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from graphfold.loading.operation import Operation
from graphfold.mistakes import Mistake, place_of

if TYPE_CHECKING:
    from graphfold.adapter.base import Adapter

__all__ = ["check_paths", "is_below", "shown"]

_ASKING = {"get": 0, "exchange": 1, "request": 1}
"""Methods of a REST adapter, and where among their arguments the path is."""


def is_below(path: str) -> bool:
    """Not a whole address, and not another host's (RFC 3986 section 4.2)."""
    return path[:1] in ("", "/", "?") and path[:2] != "//"


def shown(path: str) -> str:
    """As much of it as may be told: a query and who signs in may be somebody's secret."""
    return path.partition("?")[0].rpartition("@")[2][:100]


def check_paths(adapter: type[Adapter]) -> None:
    """Raises the `Mistake` of a path written out in a call that leads elsewhere, where the source can be read."""
    for function in _functions(adapter):
        for line, path in _paths(function):
            if not is_below(path):
                raise Mistake(
                    place_of(function, line - 1),
                    f"{function.__qualname__} asks for {shown(path)!r}, which is not below the backend's address",
                    why=f"where the backend is stands in GRAPHFOLD_{adapter.name.upper()}_URL.",
                    fix='write the path alone, from its first slash: "/orders".',
                )


def _functions(adapter: type[Adapter]) -> Iterator[Callable[..., Any]]:
    for value in vars(adapter).values():
        function = value.function if isinstance(value, Operation) else value
        if inspect.isfunction(function):
            yield function


def _paths(function: Callable[..., Any]) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ASKING:
            of, given = node.func.value, node.args[_ASKING[node.func.attr] :]
            if isinstance(of, ast.Name) and of.id == "self" and given and isinstance(path := _text(given[0]), str):
                yield node.lineno, path


def _text(given: ast.expr) -> Any:
    """What is written out of it: of an f-string, how it begins."""
    first = given.values[0] if isinstance(given, ast.JoinedStr) and given.values else given
    return first.value if isinstance(first, ast.Constant) else None
