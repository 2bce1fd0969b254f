"""Names in the engine: a class name means one class, and names say what a thing is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import graphfold

ENGINE = Path(graphfold.__file__).parent
TREES = {file: ast.parse(file.read_bytes()) for file in sorted(ENGINE.rglob("*.py"))}


def names_in(tree: ast.AST) -> Iterator[str]:
    """Return the names of all functions, classes, parameters, variables and attributes of a module."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name) | ast.Name(name):
                yield name
            case ast.Attribute(_, name) | ast.arg(name) | ast.keyword(str(name)):
                yield name
            case ast.ExceptHandler(_, str(name)) | ast.MatchAs(_, str(name)):
                yield name


def test_class_names_are_unique() -> None:
    places: dict[str, list[str]] = {}
    for file, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(file.relative_to(ENGINE)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def test_nothing_is_called_told() -> None:
    named = {str(file.relative_to(ENGINE)) for file, tree in TREES.items() if "told" in map(_bare, names_in(tree))}
    assert named == set()


def _bare(name: str) -> str:
    return name.strip("_")
