"""PyPI has distributions that install `schema` and `adapters`: ours win, and where they cannot, somebody says so."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GRAPH = {
    "pyproject.toml": '[tool.graphfold]\ntitle = "Small"\n',
    "resolvers/__init__.py": "",
    "resolvers/words.py": (
        "from graphfold import resolves\nfrom schema import Query\n\n\n@resolves(Query)\n"
        'async def word() -> str:\n    """A word."""\n    return "folded"\n'
    ),
    "adapters/__init__.py": "",
}
TYPES = 'import strawberry\n\n\n@strawberry.type(description="All.")\nclass Query:\n    pass\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages with a foreign `schema` in it."""
    package = tmp_path / "site" / "schema"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("Query = object\n")
    return package.parent


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    for name, text in GRAPH.items():
        file = tmp_path / "graph" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "graph"


def told(graph: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """What `graphfold schema` says in `graph`, as installed: the current folder is not on the path by itself."""
    path = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-P", "-m", "graphfold", "schema"], cwd=graph, env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_our_rooms_come_first(graph: Path, site: Path) -> None:
    (graph / "schema").mkdir()
    (graph / "schema" / "__init__.py").write_text(TYPES)
    answer = told(graph, site)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "word: String!" in answer.stdout


def test_a_foreign_package_that_would_be_taken_for_ours_is_named(graph: Path, site: Path) -> None:
    (graph / "schema").mkdir()
    (graph / "schema" / "types.py").write_text(TYPES)
    answer = told(graph, site)
    assert answer.returncode != 0
    assert str(site / "schema" / "__init__.py") in answer.stderr
    assert "schema/__init__.py" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_nothing_installed_here_brings_a_package_of_our_names() -> None:
    assert {"schema", "adapters", "resolvers"} & packages_distributions().keys() == set()
