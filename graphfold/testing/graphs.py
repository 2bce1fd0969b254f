"""Graphs made of what a test declares, with invented settings, and a helper to query them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.declarations import current_declarations
from graphfold.graph.graph import Graph
from graphfold.graph.project import Project

__all__ = ["ask", "graph_of", "variables_of"]

_PEM = Path(__file__).with_name("throwaway.pem")
"""A certificate and its key, of no use elsewhere. It is a file because no installed dependency can make one."""


def graph_of(environment: Mapping[str, str] | None = None, *, title: str = "Test", root: Path | None = None) -> Graph:
    """Return a graph of all current declarations; inside `declaring()`, of those made there.

    Every backend gets an address (`https://<name>.test`) and credentials that are invented, unless `environment` has
    them. Raise the same mistakes as `graphfold.load`.
    """
    declarations = current_declarations()
    variables = variables_of(declarations.adapters) | dict(environment or {})
    return Graph(Project(root or Path.cwd(), title), variables, declarations)


def variables_of(adapters: Iterable[type[Adapter]]) -> dict[str, str]:
    """Return settings with which the adapters start: invented addresses and credentials, a throwaway certificate."""
    needed = [(adapter.name, need) for adapter in adapters for need in adapter.needs()]
    return {f"GRAPHFOLD_{name}_{need}".upper(): _value(name, need) for name, need in needed}


async def ask(graph: Graph, query: str, **variables: Any) -> dict[str, Any]:
    """Execute a query and return its data. Raise AssertionError when the answer has errors."""
    answer = await graph.execute(query, variables)
    assert not answer.errors, answer.errors
    assert answer.data is not None
    return answer.data


def _value(name: str, need: str) -> str:
    if need.endswith("_file"):
        return str(_PEM)
    return f"https://{name.replace('_', '-')}.test" if need == "url" else f"{name}-{need}"
