"""Paths that an adapter asks for: below its backend's address, wherever that is."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from graphfold.adapter.source import Written
from graphfold.mistakes import Mistake

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


def check_paths(adapter: type[Adapter], functions: Iterable[Written]) -> None:
    """Raises the `Mistake` of a path written out in a call that leads elsewhere."""
    for written in functions:
        for call, path in _paths(written):
            if not is_below(path):
                raise Mistake(
                    written.at(call),
                    f"{written.name} asks for {shown(path)!r}, which is not below the backend's address",
                    why=f"where the backend is stands in GRAPHFOLD_{adapter.name.upper()}_URL.",
                    fix='write the path alone, from its first slash: "/orders".',
                )


def _paths(written: Written) -> Iterator[tuple[ast.Call, str]]:
    for name, position in _ASKING.items():
        for call in written.calls(name):
            for given in call.args[position : position + 1]:
                yield call, _text(given)


def _text(given: ast.expr) -> str:
    """What is written out of it: of an f-string, how it begins."""
    first = given.values[0] if isinstance(given, ast.JoinedStr) and given.values else given
    return str(first.value) if isinstance(first, ast.Constant) else ""
