"""The example in docs/errors.md is an error as the gateway sends it."""

from __future__ import annotations

import json
import re
from pathlib import Path

from graphfold.errors import CODES

PAGE = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")


def test_example_error_has_the_fields_of_its_code() -> None:
    [example] = re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    shown = json.loads(example)["extensions"]
    assert CODES[shown["code"]].retryable is shown["retryable"]
