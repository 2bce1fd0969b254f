"""Files and functions stay short, files have telling names and a docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import graphfold

ROOT = Path(__file__).parents[2]
ENGINE = Path(graphfold.__file__).parent
ROOMS = [ENGINE, *(ROOT / name for name in ("schema", "adapters", "resolvers", "sandbox"))]
OTHER_FOLDERS = [ROOT / name for name in ("tests", "bench", "frontend")]
EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}


def sources(*rooms: Path) -> list[Path]:
    return [file for room in rooms for file in room.rglob("*.py") if "node_modules" not in file.parts]


def body_lengths(file: Path) -> Iterator[tuple[str, int]]:
    """Return each function of a file with the number of lines of its body, docstring left out."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{file.name}: {node.name}", lines


def test_files_have_fewer_than_400_lines() -> None:
    lengths = {file: file.read_text(encoding="utf-8").count("\n") for file in sources(*ROOMS, *OTHER_FOLDERS)}
    assert [f"{file}: {length}" for file, length in lengths.items() if length >= 400] == []


def test_functions_have_at_most_40_lines() -> None:
    lengths = (length for file in sources(*ROOMS) for length in body_lengths(file))
    assert [f"{name}: {lines}" for name, lines in lengths if lines > 40] == []


def test_file_names_avoid_empty_words() -> None:
    names = {file: set(file.stem.lower().split("_")) for file in sources(*ROOMS, *OTHER_FOLDERS)}
    assert [str(file) for file, words in names.items() if words & EMPTY_WORDS] == []


def test_files_have_a_docstring() -> None:
    undocumented = [
        file for file in sources(*ROOMS, *OTHER_FOLDERS) if not ast.get_docstring(ast.parse(file.read_bytes()))
    ]
    assert [str(file) for file in undocumented] == []


def test_no_folder_under_tests_is_a_package() -> None:
    assert [str(file) for file in (ROOT / "tests").rglob("__init__.py") if "node_modules" not in file.parts] == []
