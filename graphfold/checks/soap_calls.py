"""Check the calls of `self.invoke(...)` in SOAP adapters against the WSDL."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import strawberry

from graphfold.adapter.soap.adapter import SoapAdapter
from graphfold.adapter.soap.contract import Contract, contract_of
from graphfold.checks.adapter_source import AdapterFunction, adapter_functions, argument
from graphfold.checks.wsdl_names import check_name, check_row, type_at
from graphfold.declarations import Declarations
from graphfold.rows.row import Row

__all__ = ["check_soap_calls"]

_OWN_PARAMETERS = {*inspect.signature(SoapAdapter.invoke).parameters} - {"self", "arguments"}
"""The parameters of `invoke` itself; every other keyword is an argument of the SOAP operation."""


def check_soap_calls(_schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a call whose operation, arguments or row are not in the WSDL.

    Calls whose operation is not a literal are left to the first request.
    """
    for adapter in declarations.adapters:
        if not issubclass(adapter, SoapAdapter):
            continue
        contract = contract_of(adapter.wsdl, adapter.port)
        for function in adapter_functions(adapter):
            for call in function.calls("invoke"):
                _check_call(contract, function, call)


def _check_call(contract: Contract, function: AdapterFunction, call: ast.Call) -> None:
    match call.args:
        case [ast.Constant(str(operation)), *_]:
            where = function.place(call)
        case _:
            return
    check_name(where, "operation", operation, contract.operations)
    arguments = contract.argument_names(operation)
    for keyword in call.keywords:
        if keyword.arg is not None and keyword.arg not in _OWN_PARAMETERS:
            check_name(where, f"argument of {operation}", keyword.arg, arguments)
    path, row = argument(call, "at") or ast.Constant(None), _row(function, call)
    if row is not None and isinstance(path, ast.Constant) and isinstance(path.value, str | None):
        xsd_type, steps = contract.result_path(operation, path.value)
        check_row(row, type_at(xsd_type, steps, where, "at: "))


def _row(function: AdapterFunction, call: ast.Call) -> type[Row[Any]] | None:
    """Return the row that the reply is read into, if its class is named: `StockRow`, `list[StockRow]`."""
    into = argument(call, "into", 1) or call.args[0]
    variables = inspect.getclosurevars(function.function)
    namespace = {**variables.globals, **variables.nonlocals}
    named = [namespace.get(node.id) for node in ast.walk(into) if isinstance(node, ast.Name)]
    return next((value for value in named if isinstance(value, type) and issubclass(value, Row)), None)
