"""Print the tables of the documentation from the code: settings, the settings of one backend, and error codes.

Usage: python .ci/tables.py [--check]. A table stands between `<!-- table: NAME -->` and `<!-- end -->`; edit the code
and run this (`make docs`) instead of editing it by hand. With `--check` nothing is written: exits with 1 if a page
differs from the code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from graphfold.errors import CODES
from graphfold.settings import Setting, backend_limits_table, settings_table

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "docs" / name for name in ("settings.md", "errors.md", "resilience.md")]


def settings() -> list[str]:
    """Return the table of the graph's settings."""
    return _table(
        "variable | default | allowed | description",
        (f"`{s.variable}` | {s.default or 'none'} | {s.allowed} | {s.description}" for s in settings_table()),
    )


def backend_settings() -> list[str]:
    """Return the table of the settings that limit calls to one backend, the crm as an example."""
    rows: Iterable[Setting] = backend_limits_table("crm")
    return _table("variable | allowed | description", (f"`{s.variable}` | {s.allowed} | {s.description}" for s in rows))


def errors() -> list[str]:
    """Return the table of error codes."""
    rows = (
        f"`{code.name}` | {code.meaning} | {_yes(code.retryable)} | {_yes(code.outage)} | {code.status} | {code.advice}"
        for code in CODES.values()
    )
    return _table("code | means | retryable | outage | status | what a client should do", rows)


TABLES: dict[str, Callable[[], list[str]]] = {
    "settings": settings,
    "backend settings": backend_settings,
    "errors": errors,
}


def printed(text: str) -> str:
    """Return a page with each of its tables printed from the code."""

    def table(match: re.Match[str]) -> str:
        return "\n".join([match[1], *TABLES[match[2]](), "<!-- end -->"])

    return re.sub(r"(<!-- table: ([\w ]+) -->)\n.*?<!-- end -->", table, text, flags=re.DOTALL)


def _table(heading: str, rows: Iterable[str]) -> list[str]:
    rule = "|".join(["---"] * len(heading.split("|")))
    return [f"| {heading} |", f"|{rule}|", *(f"| {row} |" for row in rows)]


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def main(arguments: list[str]) -> int:
    """Print the tables, or compare them with `--check`."""
    stale = [page for page in PAGES if printed(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")]
    for page in stale:
        print(f"{page.relative_to(ROOT)}: {'differs from the code: run make docs' if arguments else 'printed'}")
        if not arguments:
            page.write_text(printed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(arguments and stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
