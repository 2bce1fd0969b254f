"""README against the code: its tree is the disk, its commands and examples exist, and tables are printed from code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import typer.main

from graphfold.cli.main import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")]
COMMANDS = typer.main.get_group(app).commands


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found, f"README has no section {title!r}"
    return found[1]


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def rows(title: str) -> list[str]:
    return [line for line in section(title).splitlines() if line.startswith("| `")]


def shown_tree() -> dict[str, set[str]]:
    """Return the children of each folder as README shows them; the top is the folder ''."""
    tree, folder = defaultdict[str, set[str]](set), ""
    for line in blocks("", section("The tree"))[0].splitlines():
        name = line.split()[0].rstrip("/")
        if line.startswith(" "):
            tree[folder].add(name)
        else:
            tree[""].add(name)
            folder = name
    return tree


def files_on_disk() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [file for file in listed.stdout.splitlines() if (ROOT / file).exists()]


@pytest.mark.skipif(not ((ROOT / ".git").exists() and shutil.which("git")), reason="only git knows what belongs here")
def test_tree_shows_the_files_on_disk() -> None:
    for folder, children in shown_tree().items():
        prefix = f"{folder}/" if folder else ""
        inside = {file.removeprefix(prefix).split("/")[0] for file in files_on_disk() if file.startswith(prefix)}
        assert sorted(children) == sorted(inside), f"README's tree of {folder or 'the checkout'}"


def test_documentation_tables_are_printed_from_the_code() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "tables.py"), "--check"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stdout) == (0, "")


def test_every_command_is_listed_with_its_options() -> None:
    shown = {row.split("`")[1].removeprefix("graphfold "): row for row in rows("Commands")}
    visible = {name: command for name, command in COMMANDS.items() if not command.hidden}
    assert list(shown) == list(visible)
    for name, command in visible.items():
        options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        assert set(re.findall(r"--[a-z-]+", shown[name])) == options - {"--help"}, name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_in_documents_exist(document: Path) -> None:
    named = set(re.findall(r"(?:uv run |`)graphfold ([a-z]+)", document.read_text(encoding="utf-8")))
    assert named <= set(COMMANDS) | {"owners"}  # the command that CONTRIBUTING adds
    targets = set(re.findall(r"(?:\$ |`)make ([a-z-]+)", document.read_text(encoding="utf-8")))
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_have_targets(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_code_examples_are_in_the_files_they_name() -> None:
    for block in blocks("python"):
        place, _, code = block.partition("\n")
        assert code.strip() in (ROOT / place.removeprefix("# ")).read_text(encoding="utf-8"), place


def test_query_is_one_of_the_example_queries() -> None:
    files = [file.read_text(encoding="utf-8") for file in (ROOT / "queries").glob("*.graphql")]
    for query in blocks("graphql"):
        assert any(query.strip() in file for file in files)
