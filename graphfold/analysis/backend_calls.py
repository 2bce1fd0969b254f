"""Find the backend calls of a resolver in its source: the operations, their keys, and how often each object needs them.

The result explains queries and warns authors; execution does not depend on it. A use of an adapter that the source does
not show clearly, such as passing it to another function, is returned as an unknown call rather than left out.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.source import syntax_tree

__all__ = ["BackendCall", "backend_calls", "operations_used"]

_LOAD_METHODS = ("load", "find", "ref", "load_many")
_LOCAL_METHODS = ("forget", "prime", "needs_only_key", "of_key")
"""Methods of a batch that do not call the backend."""


@dataclass(frozen=True, slots=True)
class BackendCall:
    """A call of a backend in a resolver.

    `operation` is None if the adapter itself is passed on. `method` is the method of a load by key, None for other
    calls; `key` is the source text of the key and `names` are the variables in it. `varies`: other arguments (all of
    them, for a read) depend on the parent object. `repeated`: an object may need several calls. `conditional`: an
    object may need none. `whole`: all OnDemand fields are loaded.
    """

    adapter: type[Adapter]
    operation: str | None
    method: str | None = None
    key: str | None = None
    names: frozenset[str] = frozenset()
    varies: bool = False
    repeated: bool = False
    conditional: bool = False
    whole: bool = False


def backend_calls(function: Callable[..., Any], injected: Mapping[str, type[Adapter]]) -> list[BackendCall]:
    """Return the calls of a resolver in the order of its source. `injected` are its adapters by parameter.

    A resolver without readable source is taken to pass on all of its adapters.
    """
    tree = syntax_tree(function)
    if tree is None:
        return [BackendCall(adapter, None, varies=True, conditional=True) for adapter in injected.values()]
    parameter = next(iter(inspect.signature(function).parameters), None)
    visitor = _CallVisitor(injected, _variables_from(tree, "self") if parameter == "self" else set())
    visitor.visit(tree)
    return list(dict.fromkeys(visitor.calls))


def operations_used(
    function: Callable[..., Any], injected: Mapping[str, type[Adapter]]
) -> list[tuple[type[Adapter], str]]:
    """Return the operations that a function names: `crm.customers` for `crm: Crm` is (Crm, "customers")."""
    tree = syntax_tree(function)
    if tree is None:
        return []
    operations = [
        (injected[node.value.id], node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in injected
    ]
    return list(dict.fromkeys(operations))


def _variables_from(tree: ast.AST, source: str) -> set[str]:
    """Return the variables whose values depend on `source`: itself, and what is assigned from it, also indirectly."""
    bindings = list(_bindings(tree))
    variables, size = {source}, 0
    while size < len(variables):
        size = len(variables)
        variables |= {name for target, value in bindings if _names(value) & variables for name in _names(target)}
    return variables


def _bindings(tree: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets, value):
                yield from ((target, value) for target in targets)
            case ast.AnnAssign(target, _, ast.expr() as value) | ast.NamedExpr(target, value):
                yield target, value
            case ast.For(target, iterated) | ast.AsyncFor(target, iterated) | ast.comprehension(target, iterated):
                yield target, iterated


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _arguments(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]


class _CallVisitor(ast.NodeVisitor):
    """Visits a resolver in the order of its source, and notes for each call whether it is in a loop or a branch."""

    def __init__(self, injected: Mapping[str, type[Adapter]], object_variables: set[str]) -> None:
        self.calls: list[BackendCall] = []
        self._injected, self._object_variables = injected, object_variables
        self._conditional = self._repeated = False

    def visit_Call(self, node: ast.Call) -> None:
        match node.func:
            # A load of all fields: `crm.customers.whole.load(key)`.
            case ast.Attribute(ast.Attribute(ast.Attribute(ast.Name(name), operation), "whole"), method) if (
                method in _LOAD_METHODS and name in self._injected
            ):
                self._add_load(node, name, operation, method, whole=True)
            # A load: `crm.customers.load(key)`.
            case ast.Attribute(ast.Attribute(ast.Name(name), operation), method) if (
                method in _LOAD_METHODS and name in self._injected
            ):
                self._add_load(node, name, operation, method, whole=False)
            # No call: `crm.customers.forget(key)`.
            case ast.Attribute(ast.Attribute(ast.Name(name)), method) if (
                method in _LOCAL_METHODS and name in self._injected
            ):
                self._visit_all(_arguments(node))
            # A read or write: `crm.count(status)`.
            case ast.Attribute(ast.Name(name), operation) if name in self._injected:
                self._add(BackendCall(self._injected[name], operation, varies=self._depends(_arguments(node))))
                self._visit_all(_arguments(node))
            case _:
                self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        # An operation that is not called here may be called later, or by another function.
        if isinstance(node.value, ast.Name) and node.value.id in self._injected:
            self._add(BackendCall(self._injected[node.value.id], node.attr, varies=True, conditional=True))
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._injected:
            self._add(BackendCall(self._injected[node.id], None, varies=True, conditional=True))

    def visit_arg(self, node: ast.arg) -> None:
        """Skip annotations of parameters: they name adapters without calling them."""

    def _add_load(self, node: ast.Call, name: str, operation: str, method: str, *, whole: bool) -> None:
        key = node.args[0] if node.args else None
        self._add(
            BackendCall(
                self._injected[name],
                operation,
                method,
                key=ast.unparse(key) if key is not None else None,
                names=frozenset(_names(key)) if key is not None else frozenset(),
                varies=self._depends([*node.args[1:], *(keyword.value for keyword in node.keywords)]),
                repeated=method == "load_many",
                whole=whole,
            )
        )
        self._visit_all(_arguments(node))

    def _add(self, call: BackendCall) -> None:
        self.calls.append(
            replace(
                call,
                varies=call.varies or (self._repeated and call.method is None),
                repeated=call.repeated or self._repeated,
                conditional=call.conditional or self._conditional,
            )
        )

    def _depends(self, arguments: Iterable[ast.expr]) -> bool:
        return any(_names(argument) & self._object_variables for argument in arguments)

    # Branches and loops.

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._visit_all([*node.body, *node.orelse], conditional=True)
        if any(isinstance(inner, ast.Return) for statement in node.body for inner in ast.walk(statement)):
            self._conditional = True  # the statements behind this one may not be reached

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._visit_all([node.body, node.orelse], conditional=True)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._visit_all(node.values[1:], conditional=True)

    def visit_Try(self, node: ast.Try) -> None:
        self._visit_all(node.body)
        self._visit_all([*node.handlers, *node.orelse], conditional=True)
        self._visit_all(node.finalbody)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._visit_all(node.cases, conditional=True)

    def visit_While(self, node: ast.While) -> None:
        self._visit_all([node.test, *node.body], conditional=True, repeated=True)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._visit_all(node.body, repeated=True)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._visit_comprehension(node.generators, [node.elt])

    visit_SetComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_comprehension(node.generators, [node.key, node.value])

    def _visit_comprehension(self, generators: list[ast.comprehension], elements: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        inner = [generator.iter for generator in generators[1:]]
        conditions = [condition for generator in generators for condition in generator.ifs]
        self._visit_all([*inner, *conditions, *elements], repeated=True)

    def _visit_all(self, nodes: Iterable[ast.AST], *, conditional: bool = False, repeated: bool = False) -> None:
        """Visit nodes inside a branch or loop of the current position. Both flags are restored afterwards."""
        outer = self._conditional, self._repeated
        self._conditional, self._repeated = self._conditional or conditional, self._repeated or repeated
        for node in nodes:
            self.visit(node)
        self._conditional, self._repeated = outer
