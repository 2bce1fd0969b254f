"""Installed packages named `schema` or `adapters`, as PyPI has them, do not replace those of a graph.

The graph's own packages come first on the path. Where they cannot, the error names the foreign package.
"""

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


def print_schema(graph: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Run `graphfold schema` in `graph` as installed: `-P` keeps the current folder off the path."""
    path = os.pathsep.join([str(site), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-P", "-m", "graphfold", "schema"], cwd=graph, env=os.environ | {"PYTHONPATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_packages_of_the_graph_come_before_installed_ones(graph: Path, site: Path) -> None:
    (graph / "schema").mkdir()
    (graph / "schema" / "__init__.py").write_text(TYPES)
    result = print_schema(graph, site)
    assert (result.returncode, result.stderr) == (0, "")
    assert "word: String!" in result.stdout


def test_foreign_package_in_place_of_a_missing_one_is_named(graph: Path, site: Path) -> None:
    (graph / "schema").mkdir()
    (graph / "schema" / "types.py").write_text(TYPES)
    result = print_schema(graph, site)
    assert result.returncode != 0
    assert str(site / "schema" / "__init__.py") in result.stderr
    assert "schema/__init__.py" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_installed_distribution_has_a_package_of_the_graph() -> None:
    assert {"schema", "adapters", "resolvers"} & packages_distributions().keys() == set()
