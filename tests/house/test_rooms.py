"""Each room of the engine says in its first lines what it may import and how to add to it, and keeps to the first."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import graphfold

ENGINE = Path(graphfold.__file__).parent
ROOMS = sorted(folder for folder in ENGINE.iterdir() if (folder / "__init__.py").exists())
PACKAGES = sorted(file.parent for file in ENGINE.rglob("__init__.py"))


def told_by(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_bytes())) or ""


def imported(room: Path) -> set[str]:
    """The rooms and modules of the engine that a room imports, itself left out."""
    names = set[str]()
    for file in room.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("graphfold."):
                names.add(node.module.split(".")[1])
    return names - {room.name}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_imports(room: Path) -> None:
    rule = re.search(r"May import:? ([^.]+)\.", told_by(room).replace("`graphfold`", "graphfold"))
    assert rule, "its docstring does not say what it may import"
    if not rule[1].startswith("everything"):
        assert imported(room) <= set(re.findall(r"\w+", rule[1]))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_a_package_says_how_to_add_to_it(package: Path) -> None:
    assert re.search(r"To add [^:.]+: \S", told_by(package)), "its docstring does not say how to add one"
