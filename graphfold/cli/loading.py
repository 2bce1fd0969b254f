"""The project's graph for a command, or one clear message why there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from graphfold.cli.terminal import Stop

if TYPE_CHECKING:
    from graphfold.graph.graph import Graph
    from graphfold.graph.project import Project

__all__ = ["development_environment", "loaded", "project", "refuse_missing"]


def project() -> Project:
    """The project that the current folder lies in."""
    from graphfold.graph.project import Project, ProjectError

    try:
        return Project.nearest(Path.cwd())
    except ProjectError as error:
        raise Stop(str(error)) from None


def loaded(environment: Mapping[str, str]) -> Graph:
    """The graph of the current project, with settings from this environment."""
    from graphfold.graph.project import ProjectError, load
    from graphfold.mistakes import Mistake
    from graphfold.settings import SettingsError

    try:
        return load(environment=environment)
    except (Mistake, ProjectError, SettingsError) as error:
        raise Stop(str(error)) from None


def development_environment(root: Path) -> dict[str, str]:
    """The process's variables over those of the project's `.env`."""
    from graphfold.settings import dotenv

    return {**dotenv(root / ".env"), **os.environ}


def refuse_missing(graph: Graph, fix: str) -> None:
    """Stops when a backend has no address or credentials."""
    if missing := graph.missing_settings():
        raise Stop("These settings are missing:\n" + "\n".join(f"    {name}" for name in missing), fix=fix)
