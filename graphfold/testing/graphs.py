"""Graphs of what a test declares, and questions to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphfold.adapter.base import Adapter
from graphfold.declarations import current_declarations
from graphfold.graph.graph import Graph
from graphfold.graph.project import Project

__all__ = ["ask", "graph_of", "variables_of"]


def graph_of(environment: Mapping[str, str] | None = None, *, title: str = "Test", root: Path | None = None) -> Graph:
    """The graph of all that has been declared, inside `declaring()` of what was declared there.

    Every backend has an address (`https://<name>.test`) and credentials, unless `environment` says otherwise.
    Raises the same mistakes as `graphfold.load`.
    """
    declarations = current_declarations()
    variables = variables_of(declarations.adapters) | dict(environment or {})
    return Graph(Project(root or Path.cwd(), title), variables, declarations)


def variables_of(adapters: Iterable[type[Adapter]]) -> dict[str, str]:
    """Settings that let the adapters start: invented addresses and credentials, and a certificate that is none."""
    needed = [(adapter.name, need) for adapter in adapters for need in adapter.needs()]
    return {f"GRAPHFOLD_{name}_{need}".upper(): _value(name, need) for name, need in needed}


_PEM = Path(__file__).with_name("throwaway.pem")
"""A certificate and its key, the same for everybody: nothing that is installed with us could make others."""


async def ask(graph: Graph, query: str, **variables: Any) -> dict[str, Any]:
    """The data of an answer that must have no errors."""
    answer = await graph.execute(query, variables)
    assert not answer.errors, answer.errors
    assert answer.data is not None
    return answer.data


def _value(name: str, need: str) -> str:
    if need.endswith("_file"):
        return str(_PEM)
    return f"https://{name.replace('_', '-')}.test" if need == "url" else f"{name}-{need}"
