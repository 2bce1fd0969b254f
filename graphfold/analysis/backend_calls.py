"""Where a resolver asks a backend, read from its source: the operation, the key, and how often for each object.

What is read here explains and warns; nothing runs by it. What cannot be read is told as such, never left out.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.source import syntax_tree

__all__ = ["BackendCall", "backend_calls", "operations_used"]

_LOADS = ("load", "find", "ref", "load_many")
_NO_CALLS = ("forget", "prime", "needs_only_key", "of_key")


@dataclass(frozen=True, slots=True)
class BackendCall:
    """One call of a backend in a resolver.

    `operation` is None where the adapter is handed on, `way` where it is no keyed load; `key` is the source of the key
    and `names` are the names in it. `differs`: the other arguments (of a read all of them) depend on the object.
    `repeated`: several times for each object. `maybe`: not for every object.
    """

    adapter: type[Adapter]
    operation: str | None
    way: str | None = None
    key: str | None = None
    names: frozenset[str] = frozenset()
    differs: bool = False
    repeated: bool = False
    maybe: bool = False
    whole: bool = False


def backend_calls(function: Callable[..., Any], injected: Mapping[str, type[Adapter]]) -> list[BackendCall]:
    """What a resolver asks, in the order of its source; without a source, that its adapters are handed on."""
    tree = syntax_tree(function)
    if tree is None:
        return [BackendCall(adapter, None, differs=True, maybe=True) for adapter in injected.values()]
    owner = next(iter(inspect.signature(function).parameters), None)
    reader = _Reader(injected, _depending(tree, owner) if owner == "self" else set())
    reader.visit(tree)
    return list(dict.fromkeys(reader.asks))


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


def _depending(tree: ast.AST, owner: str) -> set[str]:
    """The names whose values depend on the object: itself, and what is assigned from it."""
    bound = list(_bindings(tree))
    names, before = {owner}, 0
    while before < len(names):
        before = len(names)
        names |= {name for target, value in bound if _names(value) & names for name in _names(target)}
    return names


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


class _Reader(ast.NodeVisitor):
    """Walks a resolver in the order of its source and knows whether it stands in a loop or under a condition."""

    def __init__(self, injected: Mapping[str, type[Adapter]], depending: set[str]) -> None:
        self.asks: list[BackendCall] = []
        self._injected, self._depending = injected, depending
        self._maybe = self._repeated = False

    def visit_Call(self, node: ast.Call) -> None:  # the visitor's names
        match node.func:
            case ast.Attribute(ast.Attribute(ast.Attribute(ast.Name(name), operation), "whole"), way) if (
                way in _LOADS and name in self._injected
            ):
                self._keyed(node, name, operation, way, whole=True)
            case ast.Attribute(ast.Attribute(ast.Name(name), operation), way) if (
                way in _LOADS and name in self._injected
            ):
                self._keyed(node, name, operation, way)
            case ast.Attribute(ast.Attribute(ast.Name(name)), way) if way in _NO_CALLS and name in self._injected:
                self._arguments(node)
            case ast.Attribute(ast.Name(name), operation) if name in self._injected:
                self._add(BackendCall(self._injected[name], operation, differs=self._depends(_all(node))))
                self._arguments(node)
            case _:
                self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id in self._injected:  # kept for later, or called elsewhere
            self._add(BackendCall(self._injected[node.value.id], node.attr, differs=True, maybe=True))
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in self._injected:
            self._add(BackendCall(self._injected[node.id], None, differs=True, maybe=True))

    def visit_arg(self, node: ast.arg) -> None:
        """Annotations ask nobody."""

    def _keyed(self, node: ast.Call, name: str, operation: str, way: str, *, whole: bool = False) -> None:
        key = node.args[0] if node.args else None
        differs = self._depends([*node.args[1:], *(keyword.value for keyword in node.keywords)])
        names = frozenset(_names(key)) if key is not None else frozenset[str]()
        text = ast.unparse(key) if key is not None else None
        repeated = way == "load_many"
        self._add(BackendCall(self._injected[name], operation, way, text, names, differs, repeated, whole=whole))
        self._arguments(node)

    def _add(self, ask: BackendCall) -> None:
        repeated, maybe = ask.repeated or self._repeated, ask.maybe or self._maybe
        differs = ask.differs or (self._repeated and ask.way is None)
        self.asks.append(
            BackendCall(ask.adapter, ask.operation, ask.way, ask.key, ask.names, differs, repeated, maybe, ask.whole)
        )

    def _arguments(self, node: ast.Call) -> None:
        for argument in _all(node):
            self.visit(argument)

    def _depends(self, arguments: Iterable[ast.expr]) -> bool:
        return any(_names(argument) & self._depending for argument in arguments)

    # Conditions and loops.

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self._under([*node.body, *node.orelse], maybe=True)
        if any(isinstance(inner, ast.Return) for part in node.body for inner in ast.walk(part)):
            self._maybe = True  # what follows may not be reached

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self.visit(node.test)
        self._under([node.body, node.orelse], maybe=True)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.visit(node.values[0])
        self._under(node.values[1:], maybe=True)

    def visit_Try(self, node: ast.Try) -> None:
        self._under(node.body)
        self._under([*node.handlers, *node.orelse], maybe=True)
        self._under(node.finalbody)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        self._under(node.cases, maybe=True)

    def visit_While(self, node: ast.While) -> None:
        self._under([node.test, *node.body], maybe=True, repeated=True)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._under(node.body, repeated=True)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> None:
        self._comprehension(node.generators, [node.elt])

    visit_SetComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._comprehension(node.generators, [node.key, node.value])

    def _comprehension(self, generators: list[ast.comprehension], made: list[ast.expr]) -> None:
        self.visit(generators[0].iter)
        inner = [generator.iter for generator in generators[1:]]
        conditions = [condition for generator in generators for condition in generator.ifs]
        self._under([*inner, *conditions, *made], repeated=True)

    def _under(self, nodes: Iterable[ast.AST], *, maybe: bool = False, repeated: bool = False) -> None:
        with self._standing(maybe=maybe, repeated=repeated):
            for node in nodes:
                self.visit(node)

    @contextmanager
    def _standing(self, *, maybe: bool, repeated: bool) -> Iterator[None]:
        before = self._maybe, self._repeated
        self._maybe, self._repeated = self._maybe or maybe, self._repeated or repeated
        yield
        self._maybe, self._repeated = before


def _all(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(keyword.value for keyword in node.keywords)]
