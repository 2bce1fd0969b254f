"""Small things with telling names: files, functions, and what neither may be called."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

import graphfold

ROOT = Path(__file__).parents[2]
ENGINE = Path(graphfold.__file__).parent
ROOMS = [ENGINE, *(ROOT / name for name in ("schema", "adapters", "resolvers", "sandbox"))]
ELSEWHERE = [ROOT / name for name in ("tests", "bench", "frontend")]
SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}


def sources(*rooms: Path) -> list[Path]:
    return [file for room in rooms for file in room.rglob("*.py") if "node_modules" not in file.parts]


def bodies(file: Path) -> Iterator[tuple[str, int]]:
    """Each function with the lines of its body, docstring left out."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{file.name}: {node.name}", lines


def test_files_are_short() -> None:
    lengths = {file: file.read_text(encoding="utf-8").count("\n") for file in sources(*ROOMS, *ELSEWHERE)}
    assert [f"{file}: {length}" for file, length in lengths.items() if length >= 400] == []


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_functions_are_short(room: Path) -> None:
    lengths = [lines for file in sources(room) for _, lines in bodies(file)] or [0, 0]
    assert median(lengths) < 10
    assert quantiles(lengths, n=10)[-1] < 25


def test_no_function_is_a_screen_long() -> None:
    long = [f"{name}: {lines}" for file in sources(*ROOMS) for name, lines in bodies(file) if lines > 40]
    assert long == []


def test_files_are_named_by_what_is_in_them() -> None:
    names = {file: set(file.stem.lower().split("_")) for file in sources(*ROOMS, *ELSEWHERE)}
    assert [str(file) for file, words in names.items() if words & SAY_NOTHING] == []


def test_files_say_what_they_are() -> None:
    silent = [file for file in sources(*ROOMS, *ELSEWHERE) if not ast.get_docstring(ast.parse(file.read_bytes()))]
    assert [str(file) for file in silent] == []


def test_no_package_under_tests_hides_a_room() -> None:
    assert [str(file) for file in (ROOT / "tests").rglob("__init__.py") if "node_modules" not in file.parts] == []
