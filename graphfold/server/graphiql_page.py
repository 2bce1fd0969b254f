"""Serves GraphiQL to browsers at the endpoint, in development only, with the project's example queries as tabs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graphfold.server import ide
from graphfold.server.responses import HTTPResponse

__all__ = ["GraphiQLPage", "example_queries"]


@dataclass(frozen=True, slots=True)
class GraphiQLPage:
    """The page of one graph; `queries` is the folder of its examples, read anew for each response."""

    title: str
    endpoint: str
    queries: Path

    def response(self) -> HTTPResponse:
        body = ide.render_page(title=self.title, endpoint=self.endpoint, tabs=example_queries(self.queries))
        headers = {"content-security-policy": ide.CSP, "cache-control": "no-store", "referrer-policy": "no-referrer"}
        return HTTPResponse(200, body, "text/html", headers)


def example_queries(folder: Path) -> list[ide.Tab]:
    """Return the `*.graphql` files of a folder, by name; a `.json` file of the same name holds the variables.

    A comment in the first line is the title, else the file's name.
    """
    tabs = []
    for path in sorted(folder.glob("*.graphql")):
        query, variables = path.read_text(encoding="utf-8"), path.with_suffix(".json")
        first_line = query.partition("\n")[0]
        title = first_line.removeprefix("#").strip() if first_line.startswith("#") else path.stem
        tabs.append(ide.Tab(title, query, variables.read_text(encoding="utf-8") if variables.is_file() else None))
    return tabs
