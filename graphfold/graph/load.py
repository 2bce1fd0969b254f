"""Load a project from disk and build its graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from graphfold.graph.graph import Graph
from graphfold.graph.project import Project

__all__ = ["load"]


def load(root: Path | None = None, *, environment: Mapping[str, str] | None = None) -> Graph:
    """Import the project's resolvers (and so its adapters and types) and build its graph.

    `root` is where to look for the project, by default the current folder; `environment` the variables to read
    settings from. Raises `ProjectError`, `Mistake` or `SettingsError`, each with a text to show as it is.
    """
    project = Project.nearest((root or Path.cwd()).resolve())
    project.import_resolvers()
    return Graph(project, os.environ if environment is None else environment)
