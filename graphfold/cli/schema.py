"""`graphfold schema`: the graph as SDL."""

from __future__ import annotations

from graphfold.cli.loading import development_environment, loaded, project
from graphfold.cli.terminal import out

__all__ = ["schema"]


def schema() -> None:
    """Print the graph's schema (SDL)."""
    graph = loaded(development_environment(project().root))
    out.file.write(graph.schema.as_str().rstrip() + "\n")
    out.file.flush()
