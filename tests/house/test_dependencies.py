"""Every imported distribution is a declared dependency, not only a dependency of one."""

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
    """Return the third-party packages that a room imports."""
    names = set[str]()
    for file in (ROOT / room).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imported_packages_are_declared_dependencies(room: str) -> None:
    distributions = packages_distributions()
    undeclared = {
        name for name in imported(room) if not DECLARED & {dist.lower() for dist in distributions.get(name, [])}
    }
    assert undeclared == set()
