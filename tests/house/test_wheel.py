"""The wheel: what is in it, that it answers a query without the checkout's engine, and how its build fails offline."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "graphfold"
NOWHERE = "http://127.0.0.1:9"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ENGINE.is_dir(), reason="the engine is hidden: what runs here is a wheel already"),
]


def build(root: Path, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Build the wheel of the checkout `root` into `target`, with what is installed here."""
    line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    return subprocess.run(
        line, cwd=root, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ENGINE / "server" / "static" / ".stamp").exists():
        pytest.skip("the page is not built (make assets)")
    target = tmp_path_factory.mktemp("dist")
    built = build(ROOT, target)
    assert built.returncode == 0, built.stdout + built.stderr
    return next(target.glob("*.whl"))


@pytest.fixture
def graph(wheel: Path, tmp_path: Path) -> Path:
    """The reference graph and its sandbox without an engine beside them, the wheel unpacked in `site`."""
    for name in ("schema", "adapters", "resolvers", "sandbox", "queries"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path


@pytest.fixture
def settings(graph: Path) -> Iterator[dict[str, str]]:
    """The variables with which the graph reaches a sandbox that runs meanwhile."""
    line = [sys.executable, "-m", "sandbox", "--port", "0", "--customers", "40"]
    with subprocess.Popen(line, cwd=graph, env=environment(graph), stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout is not None
        url = json.loads(sandbox.stdout.readline())["url"]
        code = f"import json; from sandbox.credentials import variables; print(json.dumps(variables({url!r})))"
        yield json.loads(python(graph, "-c", code).stdout)
        sandbox.terminate()


def environment(graph: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(graph / "site"), "PYTHONDONTWRITEBYTECODE": "1"}


def python(graph: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=graph, env=environment(graph) | variables,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_wheel_contains_the_engine_with_its_page_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = archive.read(next(name for name in names if name.endswith("entry_points.txt"))).decode()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"graphfold"}
    ours = {str(file.relative_to(ROOT)) for file in ENGINE.rglob("*") if file.is_file()}
    assert {name for name in names if "dist-info" not in name} == {name for name in ours if "__pycache__" not in name}
    assert "graphfold/py.typed" in names
    assert "graphfold = graphfold.cli.main:main" in entry_points
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)


def test_installed_wheel_answers_a_query(graph: Path, settings: dict[str, str]) -> None:
    place = python(graph, "-c", "import graphfold; print(graphfold.__file__)").stdout
    assert Path(place.strip()).is_relative_to(graph / "site")
    result = python(
        graph, "-m", "graphfold", "query", "queries/04-from-customer-to-stock.graphql", "--json", **settings
    )
    assert result.returncode == 0, result.stderr
    customers = json.loads(result.stdout)["data"]["customers"]["nodes"]
    assert len(customers) == 20
    assert any(line["product"]["stock"] for c in customers for o in c["orders"]["nodes"] for line in o["lines"])


def test_build_without_a_network_names_what_is_missing(tmp_path: Path) -> None:
    for name in ("graphfold", "frontend"):
        left_out = shutil.ignore_patterns("__pycache__", "node_modules", "static")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=left_out)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    offline = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "PIP_INDEX_URL": NOWHERE, "PIP_RETRIES": "0"}
    built = build(tmp_path, tmp_path / "dist", npm_config_registry=NOWHERE, npm_config_cache=str(tmp_path), **offline)
    assert built.returncode != 0
    output = built.stdout + built.stderr
    assert "The wheel was not built: it would be without GraphiQL." in output
    assert "Traceback" not in output
    assert not list(tmp_path.glob("dist/*.whl"))
