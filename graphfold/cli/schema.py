"""`graphfold schema`: prints the graph as SDL."""

from __future__ import annotations

from graphfold.cli.project_graph import current_project, development_environment, load_graph
from graphfold.cli.terminal import out

__all__ = ["schema"]


def schema() -> None:
    """Print the graph's schema (SDL)."""
    graph = load_graph(development_environment(current_project().root))
    # Written to the file, not printed with rich, so that the SDL is exactly what a redirect into a file should hold.
    out.file.write(graph.schema.as_str().rstrip() + "\n")
    out.file.flush()
