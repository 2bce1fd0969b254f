"""Check that the paths in an adapter's calls are below its backend's address."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from graphfold.adapter.base import Adapter
from graphfold.adapter.rest import is_below, shown
from graphfold.checks.adapter_source import AdapterFunction
from graphfold.mistakes import Mistake

__all__ = ["check_paths"]

_ASKING = {"get": 0, "exchange": 1, "request": 1}
"""Methods of a REST adapter, and where among their arguments the path is."""


def check_paths(adapter: type[Adapter], functions: Iterable[AdapterFunction]) -> None:
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


def _paths(written: AdapterFunction) -> Iterator[tuple[ast.Call, str]]:
    for name, position in _ASKING.items():
        for call in written.calls(name):
            for given in call.args[position : position + 1]:
                yield call, _text(given)


def _text(given: ast.expr) -> str:
    """What is written out of it: of an f-string, how it begins."""
    first = given.values[0] if isinstance(given, ast.JoinedStr) and given.values else given
    return str(first.value) if isinstance(first, ast.Constant) else ""
