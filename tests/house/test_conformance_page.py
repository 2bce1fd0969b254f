"""docs/conformance.md: its example reaches gold, and its table lists the rules of the code."""

from __future__ import annotations

import re
from pathlib import Path

import graphfold.testing
from graphfold.manifest import RULES
from tests.house.test_contributing import Copy

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text(encoding="utf-8")


def test_example_adapter_is_gold(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.follow("Add a backend")
    for block in re.findall(r"^```python\n# (.*?)^```", PAGE, re.DOTALL | re.MULTILINE):
        place, text = block.split("\n", 1)
        (copy.root / place).write_text(text, encoding="utf-8")
    tested = copy.run("pytest", "-rs", "-p", "no:cacheprovider", "tests/adapters/test_loyalty_conformance.py", "-v")
    assert f"{len(RULES)} passed" in tested.stdout, tested.stdout
    linted = copy.run("ruff", "check", "--no-cache", "adapters/loyalty", "tests/adapters/test_loyalty_conformance.py")
    assert linted.returncode == 0, linted.stdout


def test_page_lists_the_rules_of_the_code() -> None:
    listed = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \| (.*) \|$", PAGE, re.MULTILINE)
    rules = [(rule.name, rule.level, rule.meaning, rule.fix[0].upper() + rule.fix[1:]) for rule in RULES.values()]
    assert listed == rules


def test_files_named_on_the_page_exist() -> None:
    named = {name for name in re.findall(r"`([A-Z]\w+)[`(]", PAGE) if name != "GET"}
    assert named - {"Path"} <= {*graphfold.testing.__all__, "Manifest"}
