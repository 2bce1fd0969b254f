"""Check that no function of an adapter contains a secret as a string literal."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import strawberry

from graphfold.adapter.class_checks import secret_in_code
from graphfold.checks.adapter_source import adapter_functions
from graphfold.declarations import Declarations
from graphfold.secret import is_secret_name, looks_like_secret

__all__ = ["check_secrets"]

_SENDING = ("get", "request", "exchange", "query", "invoke")
_HEADERS = ("authorization", "cookie", "proxy-authorization")


def check_secrets(_schema: strawberry.Schema, declarations: Declarations) -> None:
    """Raise `Mistake` for a literal that looks like a secret, or is sent under a name that secrets have."""
    for adapter in declarations.adapters:
        for function in adapter_functions(adapter):
            for node in ast.walk(function.tree):
                if isinstance(node, ast.Constant) and looks_like_secret(node.value):
                    message = f"{function.name} contains a string that looks like a secret"
                    raise secret_in_code(adapter, function.place(node), message)
            for call in function.calls(*_SENDING):
                for name, value in _named_values(call):
                    if (is_secret_name(name) or name.lower() in _HEADERS) and _is_literal(value):
                        message = f"{function.name} sends a string literal as {name!r}"
                        raise secret_in_code(adapter, function.place(value), message)


def _named_values(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Return the keyword arguments of a call and the entries of dicts in it, by name."""
    for node in ast.walk(call):
        if isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _is_literal(value: ast.expr) -> bool:
    """Return whether a text is made of literals only: `"Bearer " + "a"` is, `f"Bearer {token}"` is not."""
    if isinstance(value, ast.BinOp):
        return _is_literal(value.left) and _is_literal(value.right)
    if isinstance(value, ast.JoinedStr):
        return all(map(_is_literal, value.values))
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value != ""
