"""docs/failures.md has the outcomes that `tests/e2e/test_matrix.py` checks, for every fault."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path

from graphfold.testing import Fault, faults
from sandbox.control import FAULTS
from tests.e2e.failures import FAILURES, row

PAGE = (Path(__file__).parents[2] / "docs" / "failures.md").read_text(encoding="utf-8")


def rows(title: str) -> list[str]:
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert section, title
    return [line for line in section[1].splitlines() if line.startswith("| `")]


def test_page_lists_every_failure_with_its_outcome() -> None:
    assert rows("The network") == [row(failure) for failure in FAILURES if isinstance(failure.fault, Fault)]
    assert rows("The backend") == [row(failure) for failure in FAILURES if isinstance(failure.fault, Mapping)]


def test_failures_cover_every_fault_of_proxy_and_sandbox() -> None:
    tried = {type(failure.fault) for failure in FAILURES}
    known = [kind for _, kind in inspect.getmembers(faults, inspect.isclass) if issubclass(kind, Fault)]
    assert {kind for kind in known if kind.__name__ in faults.__all__} - {Fault} <= tried
    assert {failure.fault["fault"] for failure in FAILURES if isinstance(failure.fault, Mapping)} == set(FAULTS)


def test_tests_named_on_the_page_exist() -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE):
        assert name in (Path(__file__).parents[2] / path).read_text(encoding="utf-8"), (path, name)
