"""What the code imports is declared: nothing works only because a dependency of a dependency brings it along."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("graphfold", "schema", "adapters", "resolvers", "sandbox")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in PROJECT["dependencies"]}


def imported(room: str) -> set[str]:
    """The packages of others that a room imports."""
    names = set[str]()
    for file in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_imported_is_declared(room: str) -> None:
    brought = packages_distributions()
    undeclared = {name for name in imported(room) if not DECLARED & {dist.lower() for dist in brought.get(name, [])}}
    assert undeclared == set()
