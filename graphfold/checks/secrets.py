"""Check that no function of an adapter holds a secret as a text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from graphfold.adapter.attributes import secret_in_code
from graphfold.adapter.base import Adapter
from graphfold.checks.adapter_source import AdapterFunction
from graphfold.secret import looks_secret, names_secret

__all__ = ["check_sent"]

_SENDING = ("get", "request", "exchange", "query", "invoke")
_HEADERS = ("authorization", "cookie", "proxy-authorization")


def check_sent(cls: type[Adapter], functions: Iterable[AdapterFunction]) -> None:
    """Raises the `Mistake` of a text that looks like a secret, and of one that is sent under the name of one."""
    for written in functions:
        for node in ast.walk(written.tree):
            if isinstance(node, ast.Constant) and looks_secret(node.value):
                raise secret_in_code(cls, written.at(node), f"{written.name} has a text that looks like a secret")
        for call in written.calls(*_SENDING):
            for name, value in _named(call):
                if (names_secret(name) or name.lower() in _HEADERS) and _is_written_out(value):
                    raise secret_in_code(cls, written.at(value), f"{written.name} sends a text as {name!r}")


def _named(call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """Arguments and the entries of dicts among them, by name."""
    for node in ast.walk(call):
        if isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg, node.value
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value


def _is_written_out(value: ast.expr) -> bool:
    """Whether it is a text, and nothing but that: `"Bearer " + "a"` is, `f"Bearer {token}"` is not."""
    if isinstance(value, ast.BinOp):
        return _is_written_out(value.left) and _is_written_out(value.right)
    if isinstance(value, ast.JoinedStr):
        return all(map(_is_written_out, value.values))
    return isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value != ""
