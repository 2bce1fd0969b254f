"""The page that a browser gets at the endpoint, in development only: GraphiQL with the project's example queries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphfold.server import ide
from graphfold.server.responses import Reply

__all__ = ["Page", "examples"]


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one graph."""

    title: str
    endpoint: str
    queries: Path

    def reply(self) -> Reply:
        body = ide.page(title=self.title, endpoint=self.endpoint, tabs=examples(self.queries))
        headers = {"content-security-policy": ide.CSP, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        return Reply(200, body, "text/html", headers)


def examples(queries: Path) -> list[ide.Tab]:
    """The `*.graphql` files of a folder, by name; a `.json` file of the same name holds the variables."""
    return [_tab(path) for path in sorted(queries.glob("*.graphql"))]


def _tab(path: Path) -> ide.Tab:
    query, variables = path.read_text(encoding="utf-8"), path.with_suffix(".json")
    first = query.partition("\n")[0]
    title = first.removeprefix("#").strip() if first.startswith("#") else path.stem
    return ide.Tab(title, query, variables.read_text(encoding="utf-8") if variables.is_file() else None)
