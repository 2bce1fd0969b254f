"""CONTRIBUTING: its steps, carried out in a copy of the graph, give a graph that works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.python import python

ROOT = Path(__file__).parents[2]
GRAPH = ("schema", "adapters", "resolvers", "queries")
STEPS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


class Copy:
    """A copy of the reference graph; with `engine`, of graphfold too."""

    def __init__(self, root: Path, *, engine: bool = False) -> None:
        self.root = root
        if engine:
            for name in ("graphfold", "docs", ".ci"):
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
            shutil.copy(ROOT / "README.md", root)
        for name in GRAPH:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", ".env.example"):
            shutil.copy(ROOT / name, root)
        (root / "tests").mkdir()
        shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")

    def follow(self, title: str) -> list[str]:
        """Carry out the blocks of a section, and return the files that they name."""
        blocks = re.findall(r"^ *```(?:python|sh|markdown)\n(.*?)^ *```", section(title), re.DOTALL | re.MULTILINE)
        return [self._carry_out(*textwrap.dedent(block).removeprefix("# ").split("\n", 1)) for block in blocks]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        return python("-m", *command, cwd=self.root, env=environment)

    def python(self, program: str, **environment: str) -> str:
        """Run a program in a new process, with the copy of the engine, and return what it prints."""
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.root, env={**os.environ, **environment, "PYTHONPATH": str(self.root)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def lint(self, *files: str) -> str:
        """Return the complaints of ruff about Python files."""
        names = [name for name in files if name.endswith(".py")]
        commands = (["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"])
        runs = [self.run(*command, *names) for command in commands]
        return "".join(run.stdout for run in runs if run.returncode)

    def _carry_out(self, place: str, text: str) -> str:
        name, _, where = place.partition(", ")
        how, _, where = where.partition(" ")
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_text(encoding="utf-8") if file.exists() else ""
        if text.strip() not in content:  # a step may repeat a line that an earlier one has added
            gap = "\n\n" if content and file.suffix == ".py" else ""
            insert = {"in": _with_field, "before": _with_line}.get(how)
            file.write_text(insert(content, where, text) if insert else content + gap + text, encoding="utf-8")
        return name


def section(title: str) -> str:
    return STEPS.split(f"## {title}\n")[1].split("\n## ")[0]


def _with_field(text: str, owner: str, field: str) -> str:
    """Return the text with `field` as the last one of the class `owner`, before its methods."""
    head, start, after = text.partition(f"class {owner}(")
    assert start, f"there is no class {owner}"
    body = re.match(r".*\n(?:(?: .*)?\n)*", after)
    assert body, owner
    method = re.search(r"^    (?:@|def |async def )", body[0], re.MULTILINE)
    end = method.start() if method else body.end()
    fields, rest = after[:end].rstrip(), after[end:]
    return f"{head}{start}{fields}\n{textwrap.indent(field, '    ')}{chr(10) * (1 if method else 2)}{rest}"


def _with_line(text: str, marker: str, line: str) -> str:
    """Return the text with `line` before the first line that contains the marker."""
    lines = text.splitlines(keepends=True)
    index = next(i for i, each in enumerate(lines) if marker in each)
    return "".join([*lines[:index], line, *lines[index:]])


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.fixture
def engine(tmp_path: Path) -> Copy:
    return Copy(tmp_path, engine=True)


@pytest.mark.parametrize("title", re.findall(r"^## (Add .*)$", STEPS, re.MULTILINE))
def test_section_has_at_most_ten_steps(title: str) -> None:
    steps = [int(number) for number in re.findall(r"^(\d+)\. ", section(title), re.MULTILINE)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) <= 10


def test_steps_add_a_backend(copy: Copy) -> None:
    files = copy.follow("Add a backend")
    assert "adapters/loyalty/adapter.py" in files
    shutil.copy(copy.root / ".env.example", copy.root / ".env")
    values = {"URL": "https://loyalty.test", "TOKEN": "key"}
    for name, value in values.items():
        _replace(copy.root / ".env", f"GRAPHFOLD_LOYALTY_{name}=\n", f"GRAPHFOLD_LOYALTY_{name}={value}\n")
    result = copy.run("graphfold", "check")
    assert (result.returncode, result.stderr) == (0, "")
    tested = copy.run("pytest", "-q", "-p", "no:cacheprovider", "tests/adapters/test_loyalty.py")
    assert tested.returncode == 0, tested.stdout
    assert copy.lint(*files) == ""


def test_steps_add_a_field(copy: Copy) -> None:
    copy.follow("Add a field")
    printed = copy.run("graphfold", "schema").stdout
    assert '"""The number of reviews."""\n  reviewCount: Int\n' in printed
    assert '"""Pieces that can still be sold."""\n  available: Int!\n' in printed


def test_steps_add_a_setting(engine: Copy) -> None:
    files = engine.follow("Add a setting")
    read = "from graphfold.settings import Settings; import os; print(Settings.read(os.environ).max_name)"
    assert engine.python(read).strip() == "100"
    assert engine.python(read, GRAPHFOLD_MAX_NAME="7").strip() == "7"
    engine.python("import runpy; runpy.run_path('.ci/tables.py')['main']([])")
    assert "| `GRAPHFOLD_MAX_NAME` | 100 |" in (engine.root / "docs" / "settings.md").read_text(encoding="utf-8")
    assert engine.lint(*files) == ""


def test_steps_add_an_error_code(engine: Copy) -> None:
    files = engine.follow("Add an error code")
    program = "from graphfold.errors import BackendReadOnly; print(BackendReadOnly('No writes.').extensions)"
    assert engine.python(program).startswith("{'code': 'BACKEND_READ_ONLY', 'retryable': True")
    assert engine.lint(*files) == ""


def test_steps_add_a_command(engine: Copy) -> None:
    files = engine.follow("Add a command")
    printed = engine.python("from graphfold.cli.main import main; raise SystemExit(main(['owners']))")
    assert "shop: shop-team (shop-team@company.example)\n" in printed
    assert "| `graphfold owners` |" in (engine.root / "README.md").read_text(encoding="utf-8")
    assert engine.lint("graphfold/cli/owners.py") == ""
    assert set(files) == {"graphfold/cli/owners.py", "graphfold/cli/main.py", "README.md"}


def test_steps_add_a_credential(engine: Copy) -> None:
    files = engine.follow("Add a credential")
    program = """
import asyncio
import strawberry
from graphfold import RestAdapter, read, resolves
from graphfold.credentials import ClientHeader
from graphfold.testing import FakeBackend, ask, fakes, graph_of

@strawberry.type
class Query:
    pass

class Shop(RestAdapter):
    identity = "service"
    credential = ClientHeader()

    @read()
    async def one(self) -> int:
        return await self.get("/one", int)

@resolves(Query)
async def one(shop: Shop) -> int:
    return await shop.one()

async def main() -> None:
    backend = FakeBackend({"GET /one": 1})
    graph = graph_of({"GRAPHFOLD_SHOP_CLIENT_ID": "app-1"})
    async with graph.running(transports=fakes(shop=backend)):
        print(await ask(graph, "{ one }"), backend.calls[0].headers["x-client-id"])

asyncio.run(main())
"""
    assert engine.python(program).strip() == "{'one': 1} app-1"
    assert engine.lint(*files) == ""


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
