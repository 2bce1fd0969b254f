"""docs/errors.md against the code: every code as it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from graphfold.errors import CODES

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def rows(title: str) -> list[str]:
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section, title
    return [line for line in section[1].splitlines() if line.startswith("| `")]


def yes(told: bool) -> str:
    return "yes" if told else "no"


def test_every_code_is_told_as_it_is() -> None:
    assert rows("Codes") == [
        f"| `{code.name}` | {code.meaning} | {yes(code.retryable)} | {yes(code.outage)} "
        f"| {code.status} | {code.advice} |"
        for code in CODES.values()
    ]


def test_the_example_is_an_error_as_it_is() -> None:
    [example] = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    told = json.loads(example)["extensions"]
    assert CODES[told["code"]].retryable is told["retryable"]
