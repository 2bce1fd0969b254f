"""`graphfold check`: what can be known to be wrong before the first request."""

from __future__ import annotations

import typer

from graphfold.cli.loading import development_environment, loaded, missing_of, project
from graphfold.cli.terminal import complain, out
from graphfold.graph.graph import Graph
from graphfold.settings import unknown_variables

__all__ = ["check"]


def check() -> None:
    """Check settings, adapters and resolvers; exit code 1 when something is wrong."""
    environment = development_environment(project().root)
    graph = loaded(environment)
    found = _found(graph, environment)
    for problem in found:
        complain(problem)
    if found:
        raise typer.Exit(1)
    out.print(f"{graph.title}: {len(graph.adapters)} backends, nothing wrong.")


def _found(graph: Graph, environment: dict[str, str]) -> list[str]:
    missing = missing_of(graph)
    problems = [f"{missing}\n  Fix: set them in the environment or in .env (see .env.example)."] if missing else []
    return problems + unknown_variables(environment, [adapter.name for adapter in graph.adapters]) + graph.problems()
