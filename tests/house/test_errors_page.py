"""docs/errors.md has every error code and a correct example."""

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


def yes(value: bool) -> str:
    return "yes" if value else "no"


def test_page_lists_every_code() -> None:
    assert rows("Codes") == [
        f"| `{code.name}` | {code.meaning} | {yes(code.retryable)} | {yes(code.outage)} "
        f"| {code.status} | {code.advice} |"
        for code in CODES.values()
    ]


def test_example_error_matches_its_code() -> None:
    [example] = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    extensions = json.loads(example)["extensions"]
    assert CODES[extensions["code"]].retryable is extensions["retryable"]
