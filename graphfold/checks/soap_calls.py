"""Calls of `self.invoke(...)` against the WSDL, read from the adapter's source before the first request."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import Contract, contract_of
from graphfold.adapter.soap.wsdl_names import check_known, check_row, type_at
from graphfold.checks.adapter_source import AdapterFunction
from graphfold.rows.row import Row

__all__ = ["check_invocations"]

_OURS = {name for name in inspect.signature(SoapAdapter.invoke).parameters if name not in ("self", "arguments")}


def check_invocations(adapter: type[SoapAdapter], functions: Iterable[AdapterFunction]) -> None:
    """Raises the `Mistake` of a call whose operation, argument or row is not in the WSDL, where it can be read."""
    contract = contract_of(adapter.wsdl, adapter.port)
    for written in functions:
        for call in written.calls("invoke"):
            where, operation = written.at(call), next(iter(call.args), None)
            if isinstance(operation, ast.Constant) and isinstance(operation.value, str):
                check_known(where, "operation", operation.value, contract.operations)
                known = contract.arguments(operation.value)
                for name in _named(call):
                    check_known(where, f"argument of {operation.value}", name, known)
                _check_answer(where, contract, operation.value, call, _row_of(call, written.function))


def _check_answer(where: str, contract: Contract, operation: str, call: ast.Call, row: type[Row[Any]] | None) -> None:
    at = _keyword(call, "at") or ast.Constant(None)
    if row is not None and isinstance(at, ast.Constant) and isinstance(at.value, str | None):
        answer, steps = contract.way(operation, at.value)
        check_row(row, type_at(answer, steps, where, "at: "))


def _named(call: ast.Call) -> list[str]:
    return [keyword.arg for keyword in call.keywords if keyword.arg is not None and keyword.arg not in _OURS]


def _row_of(call: ast.Call, function: Callable[..., Any]) -> type[Row[Any]] | None:
    """The row an answer is read into, where its class is named: `StockRow`, `list[StockRow]`."""
    names = inspect.getclosurevars(function)
    known = {**names.globals, **names.nonlocals}
    named = [known.get(node.id) for node in ast.walk(_into(call)) if isinstance(node, ast.Name)]
    return next((value for value in named if isinstance(value, type) and issubclass(value, Row)), None)


def _into(call: ast.Call) -> ast.AST:
    return call.args[1] if len(call.args) > 1 else _keyword(call, "into") or call.args[0]


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
