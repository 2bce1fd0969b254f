"""docs/resilience.md agrees with the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from types import ModuleType

import pytest

from graphfold.resilience import Breaker, Quota, Resilience

PAGE = (Path(__file__).parents[3] / "docs" / "resilience.md").read_text(encoding="utf-8")


def test_documented_figures_are_the_defaults() -> None:
    listed = re.findall(r"\| ([\d.]+) \| `(\w+)\((\w+)=([\d.]+)\)` \|", PAGE)
    kinds: dict[str, Resilience | Breaker] = {"Resilience": Resilience(), "Breaker": Breaker()}
    assert len(listed) == 8
    for shown, kind, name, declared in listed:
        assert shown == declared == str(getattr(kinds[kind], name)), name


def test_documented_example_can_be_declared(imported: Callable[[str], ModuleType]) -> None:
    [example] = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    declared = imported(indent(example, "    ")).Pricing
    assert declared.resilience.quota == Quota(600, per=60, burst=20)
    assert [operation.policy.group for operation in declared.operations()] == ["", "search"]


@pytest.mark.parametrize("path", re.findall(r"`(tests/[\w/.]+)`", PAGE))
def test_documented_paths_exist(path: str) -> None:
    assert (Path(__file__).parents[3] / path).is_file()
