"""Calls of `self.invoke(...)` against the WSDL, read from the adapter's source before the first request."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Any

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import contract_of
from graphfold.loading.operation import Operation
from graphfold.mistakes import Mistake, place_of

__all__ = ["check_invocations"]

_OURS = {name for name in inspect.signature(SoapAdapter.invoke).parameters if name not in ("self", "arguments")}


def check_invocations(adapter: type[SoapAdapter]) -> None:
    """Raises the `Mistake` of a call whose operation or argument is not in the WSDL, where it can be read."""
    contract = contract_of(adapter.wsdl, adapter.port)
    for function in _functions(adapter):
        for call in _invocations(function):
            where, operation = place_of(function, call.lineno - 1), call.args[0]
            if isinstance(operation, ast.Constant) and isinstance(operation.value, str):
                _check_known(where, "operation", operation.value, contract.operations)
                known = contract.arguments(operation.value)
                for name in _named(call):
                    _check_known(where, f"argument of {operation.value}", name, known)


def _functions(adapter: type[SoapAdapter]) -> Iterator[Callable[..., Any]]:
    for kind in adapter.__mro__:
        if issubclass(kind, SoapAdapter) and kind is not SoapAdapter:
            for value in vars(kind).values():
                function = value.function if isinstance(value, Operation) else value
                if inspect.isfunction(function):
                    yield function


def _invocations(function: Callable[..., Any]) -> Iterator[ast.Call]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            owner = node.func.value
            if node.func.attr == "invoke" and isinstance(owner, ast.Name) and owner.id == "self":
                yield node


def _named(call: ast.Call) -> list[str]:
    return [keyword.arg for keyword in call.keywords if keyword.arg is not None and keyword.arg not in _OURS]


def _check_known(where: str, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        raise Mistake(
            where,
            f"{name!r} is no {kind}",
            why="operations and arguments are called by their names in the WSDL.",
            fix=f"write {near[0]!r}." if near else f"use one of {', '.join(known)}.",
        )
