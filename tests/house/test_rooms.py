"""Each room of the engine says in its first lines what it may import, and imports nothing else of ours."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import graphfold

ENGINE = Path(graphfold.__file__).parent
ROOMS = sorted(folder for folder in ENGINE.iterdir() if (folder / "__init__.py").exists())


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
    told = ast.get_docstring(ast.parse((room / "__init__.py").read_bytes())) or ""
    rule = re.search(r"May import:? ([^.]+)\.", told.replace("`graphfold`", "graphfold"))
    assert rule, "its docstring does not say what it may import"
    if not rule[1].startswith("everything"):
        assert imported(room) <= set(re.findall(r"\w+", rule[1]))
