"""The project's graph for a command, or one clear message why there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from graphfold.cli.terminal import Stop
from graphfold.graph.graph import Graph
from graphfold.graph.project import Project, ProjectError, load
from graphfold.mistakes import Mistake
from graphfold.settings import SettingsError, dotenv

__all__ = ["development_environment", "loaded", "project", "refuse_missing"]


def project() -> Project:
    """The project that the current folder lies in."""
    try:
        return Project.nearest(Path.cwd())
    except ProjectError as error:
        raise Stop(str(error)) from None


def loaded(environment: Mapping[str, str]) -> Graph:
    """The graph of the current project, with settings from this environment."""
    try:
        return load(environment=environment)
    except (Mistake, ProjectError, SettingsError) as error:
        raise Stop(str(error)) from None
    except Exception as error:  # what Strawberry says of types that make no schema
        told = f"The schema cannot be built: {error}"
        raise Stop(told, fix="correct the type, or the resolver that returns it.") from error


def development_environment(root: Path) -> dict[str, str]:
    """The process's variables over those of the project's `.env`."""
    return {**dotenv(root / ".env"), **os.environ}


def refuse_missing(graph: Graph, fix: str) -> None:
    """Stops when a backend has no address or credentials."""
    if missing := graph.missing_settings():
        raise Stop("These settings are missing:\n" + "\n".join(f"    {name}" for name in missing), fix=fix)
