"""The import contracts hold, and each reports a violation that is planted in a copy of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import graphfold

ROOT = Path(__file__).parents[2]
ROOMS = ("schema", "adapters", "resolvers", "sandbox")
UPWARD = "Types know no adapter, adapters no resolver, the engine nothing of the graph"
NEIGHBOURS = "Backends do not know each other"
ONLY_RESOLVERS = "Only resolvers ask a backend"
NO_CALLS = "The graph makes no calls of its own"
FRONT_DOOR = "The graph enters the engine by the front door and the public rooms"
ALONE = "The sandbox stands alone"
UNKNOWN_SANDBOX = "The graph does not know the sandbox"
FLOORS = "The engine's floors"
HTTPX, ZEEP, CYCLES = "httpx has few homes", "zeep has one home", "No cycles"

PLANTED = [
    (UPWARD, "schema/money.py", "resolvers.stock"),
    (UPWARD, "adapters/crm/adapter.py", "resolvers.stock"),
    (UPWARD, "graphfold/page.py", "schema.money"),
    (NEIGHBOURS, "adapters/crm/adapter.py", "adapters.shop"),
    (NEIGHBOURS, "adapters/newcomer/__init__.py", "adapters.crm.adapter"),
    (ONLY_RESOLVERS, "schema/stock.py", "adapters.inventory"),
    (NO_CALLS, "resolvers/stock.py", "httpx"),
    (NO_CALLS, "adapters/inventory/adapter.py", "zeep"),
    (NO_CALLS, "schema/stock.py", "httpx"),
    (FRONT_DOOR, "adapters/shop/adapter.py", "graphfold.transport.client"),
    (FRONT_DOOR, "resolvers/orders.py", "graphfold.settings"),
    (FRONT_DOOR, "schema/orders.py", "graphfold.composition.global_ids"),
    (ALONE, "sandbox/money.py", "graphfold"),
    (ALONE, "graphfold/cli/check.py", "sandbox.company"),
    (UNKNOWN_SANDBOX, "adapters/billing/adapter.py", "sandbox.money"),
    (FLOORS, "graphfold/rows/row.py", "graphfold.loading.task_loader"),
    (FLOORS, "graphfold/loading/task_loader.py", "graphfold.credentials"),
    (FLOORS, "graphfold/server/app.py", "graphfold.cli.dev"),
    (FLOORS, "graphfold/errors.py", "graphfold.settings"),
    (HTTPX, "graphfold/loading/task_loader.py", "httpx"),
    (ZEEP, "graphfold/adapter/rest.py", "zeep"),
    (CYCLES, "graphfold/transport/call.py", "graphfold.transport.client"),
]


def lint(root: Path) -> str:
    """Return what import-linter prints about the packages in `root`."""
    command = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, "-c", command], cwd=root, env=environment, capture_output=True, text=True, check=False
    ).stdout


def broken_contracts(report: str) -> dict[str, str]:
    """Return the contracts that do not hold, each with its part of the report."""
    names = re.findall(r"^(.+) BROKEN\b", report, re.MULTILINE)
    details = report.partition("Broken contracts")[2]
    parts = re.split(rf"^({'|'.join(map(re.escape, names))})\n-+\n", details, flags=re.MULTILINE) if names else [""]
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", "static")
    for name in ROOMS:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copytree(Path(graphfold.__file__).parent, tmp_path / "graphfold", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_hold(copy: Path) -> None:
    report = lint(copy)
    assert "0 broken" in report, report
    assert set(re.findall(r"^(.+) KEPT\b", report, re.MULTILINE)) == {contract for contract, _, _ in PLANTED}


def test_each_contract_reports_its_violation(copy: Path) -> None:
    for _, path, imported in PLANTED:
        file = copy / path
        file.parent.mkdir(exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "") + f"\nimport {imported}\n")
    report = lint(copy)
    reported = broken_contracts(report)
    for contract, path, imported in PLANTED:
        importer = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        line = rf"{re.escape(importer)} -> {re.escape(imported)}\b"
        relative = rf"\.{importer.rpartition('.')[2]} -> \.{imported.rpartition('.')[2]}\b"
        expected = f"{contract}: {path} imports {imported}"
        assert re.search(f"{line}|{relative}", reported.get(contract, "")), f"{expected}\n{report}"


def test_new_module_without_a_floor_is_reported(copy: Path) -> None:
    (copy / "graphfold" / "newcomer.py").touch()
    assert "graphfold.newcomer" in broken_contracts(lint(copy))[FLOORS]


def test_architecture_page_shows_the_floors_and_public_rooms_of_the_contracts() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["name"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    drawn = page.partition("## Floors")[2].split("```")[1].strip().splitlines()
    shown = [re.split(r"  +", line.strip())[0].split(", ") for line in drawn]
    assert shown == [floor.split(" | ") for floor in contracts[FLOORS]["layers"]]
    public = page.partition("the public rooms")[2].partition("\n\n")[0]
    rooms = {ignored.rpartition(".")[2] for ignored in contracts[FRONT_DOOR]["ignore_imports"]}
    assert set(re.findall(r"`(?:graphfold)?\.(\w+)`", public)) == rooms
