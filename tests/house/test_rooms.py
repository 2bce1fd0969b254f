"""The rooms of the engine: their sizes, what they may import, and an import graph without circles."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import graphfold

ROOT = Path(__file__).parents[2]
ENGINE = Path(graphfold.__file__).parent
SCRIPT = ROOT / ".ci" / "rooms.py"
ROOMS = sorted(folder for folder in ENGINE.iterdir() if (folder / "__init__.py").exists())
PACKAGES = sorted(file.parent for file in ENGINE.rglob("__init__.py"))


def load_script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("rooms", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


rooms = load_script()
GRAPH = rooms.import_graph(ENGINE)


def docstring(package: Path) -> str:
    return ast.get_docstring(ast.parse((package / "__init__.py").read_bytes())) or ""


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_room_imports_only_what_its_docstring_allows(room: Path) -> None:
    rule = re.search(r"May import:? ([^.]+)\.", docstring(room).replace("`graphfold`", "graphfold"))
    assert rule, "the docstring does not say what the room may import"
    if not rule[1].startswith("everything"):
        assert rooms.room_graph(GRAPH)[room.name] <= set(re.findall(r"\w+", rule[1]))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_package_docstring_says_how_to_extend_the_package(package: Path) -> None:
    assert re.search(r"To add [^:.]+: \S", docstring(package)), "the docstring does not say how to add to the package"


def test_folder_has_at_most_16_modules() -> None:
    assert {
        str(folder): count for folder, count in rooms.sizes(ENGINE).items() if folder != ENGINE and count > 16
    } == {}


def test_imports_have_no_circle() -> None:
    assert rooms.circles(GRAPH) == []


def test_imports_run_down_the_floors() -> None:
    assert rooms.upward_arrows(GRAPH) == []


def test_import_circles_and_upward_arrows_are_found() -> None:
    graph = {
        "graphfold.errors": {"graphfold.secret"},
        "graphfold.secret": {"graphfold.rows.row", "graphfold.errors"},
        "graphfold.rows.row": {"graphfold.secret"},
        "graphfold.cli.main": {"graphfold.rows.row"},
    }
    assert rooms.circles(graph) == [["graphfold.errors", "graphfold.rows.row", "graphfold.secret"]]
    assert rooms.upward_arrows(graph) == [
        "graphfold.errors -> graphfold.secret",
        "graphfold.secret -> graphfold.errors",
        "graphfold.secret -> graphfold.rows.row",
    ]


def test_lazy_and_type_checking_imports_count(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "lazy.py").write_text("def run():\n    from package.typed import A\n")
    (package / "typed.py").write_text("if TYPE_CHECKING:\n    import package.lazy\n")
    assert rooms.circles(rooms.import_graph(package)) == [["package.lazy", "package.typed"]]


def test_rooms_command_prints_floors_arrows_and_circles() -> None:
    printed = subprocess.run([sys.executable, SCRIPT, ENGINE], capture_output=True, text=True, check=False).stdout
    assert re.search(r"^  checks \(\d+\), explain \(\d+\)$", printed, re.MULTILINE)
    assert re.search(r"^  analysis -> .*\bcomposition\b", printed, re.MULTILINE)
    assert "Circles:\n" in printed
