"""docs/credentials.md: its examples can be declared, and its table lists every kind with its variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import graphfold
from graphfold import credentials
from graphfold.declarations import declaring

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/credentials.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
KINDS = [
    name for name in credentials.__all__ if name not in ("Access", "Call", "Credential", "Reply", "Send", "Session")
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_can_be_declared(example: str) -> None:
    known = {name: getattr(graphfold, name) for name in graphfold.__all__}
    known |= {name: getattr(credentials, name) for name in credentials.__all__}
    with declaring():
        exec(example, known | {"WSDL": ROOT / "tests/graphfold/stock.wsdl", "__name__": "example"})  # noqa: S102  # ours


@pytest.mark.parametrize("kind", KINDS)
def test_credential_kind_has_a_row_and_an_example(kind: str) -> None:
    row = next(line for line in PAGE.splitlines() if line.startswith("|") and f"`{kind}(" in line)
    assert any(f"{kind}(" in example for example in EXAMPLES)
    for need in getattr(credentials, kind).needs:
        assert f"`{need.upper()}`" in row
