"""CONTRIBUTING: its steps, carried out in a copy of the graph, give a graph that works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.python import python

ROOT = Path(__file__).parents[2]
GRAPH = ("schema", "adapters", "resolvers", "queries")
STEPS = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


class Copy:
    """A copy of the reference graph."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in GRAPH:
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", ".env.example"):
            shutil.copy(ROOT / name, root)
        (root / "tests").mkdir()
        shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")

    def follow(self, title: str) -> list[str]:
        """Carry out the blocks of a section, and return the files that they name."""
        blocks = re.findall(r"^ *```(?:python|sh)\n(.*?)^ *```", section(title), re.DOTALL | re.MULTILINE)
        return [self._carry_out(*textwrap.dedent(block).removeprefix("# ").split("\n", 1)) for block in blocks]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(self.root)}
        return python("-m", *command, cwd=self.root, env=environment)

    def _carry_out(self, place: str, text: str) -> str:
        name, _, owner = place.partition(", in ")
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        content = file.read_text(encoding="utf-8") if file.exists() else ""
        if text.strip() not in content:  # a step may repeat a line that an earlier one has added
            gap = "\n\n" if content and file.suffix == ".py" else ""
            file.write_text(_with_field(content, owner, text) if owner else content + gap + text, encoding="utf-8")
        return name


def section(title: str) -> str:
    return STEPS.split(f"## {title}\n")[1].split("\n## ")[0]


def _with_field(text: str, owner: str, field: str) -> str:
    """Return the text with `field` as the last one of the class `owner`."""
    head, start, rest = text.partition(f"class {owner}(")
    body = re.match(r".*?\n(    \w+: .*\n)+", rest)
    assert body, f"there is no class {owner}"
    return head + start + body[0] + textwrap.indent(field, "    ") + rest[body.end() :]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.mark.parametrize("title", ["Add a backend", "Add a field"])
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
    linted = copy.run("ruff", "check", "--no-cache", *(name for name in files if name.endswith(".py")))
    assert linted.returncode == 0, linted.stdout
    formatted = copy.run("ruff", "format", "--check", "--no-cache", *(name for name in files if name.endswith(".py")))
    assert formatted.returncode == 0, formatted.stdout


def test_steps_add_a_field(copy: Copy) -> None:
    copy.follow("Add a field")
    printed = copy.run("graphfold", "schema").stdout
    assert '"""How many reviews there are."""\n  reviewCount: Int\n' in printed
    assert '"""How many pieces can still be promised."""\n  available: Int!\n' in printed


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
