"""`graphfold check`: reports the problems of a project before its first request."""

from __future__ import annotations

import typer

from graphfold.cli.project_graph import (
    current_project,
    describe_missing_settings,
    development_environment,
    load_graph,
)
from graphfold.cli.terminal import complain, out
from graphfold.settings import unknown_variables

__all__ = ["check"]


def check() -> None:
    """Check settings, adapters and resolvers; exit code 1 if there is a problem."""
    environment = development_environment(current_project().root)
    graph = load_graph(environment)
    missing = describe_missing_settings(graph)
    problems = [f"{missing}\n  Fix: set them in the environment or in .env (see .env.example)."] if missing else []
    problems += unknown_variables(environment, [adapter.name for adapter in graph.adapters]) + graph.problems()
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(1)
    out.print(f"{graph.title}: {len(graph.adapters)} backends, no problems.")
