"""The project's graph for a command, or one clear message why there is none."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from graphfold.cli.terminal import Stop
from graphfold.graph.graph import Graph
from graphfold.graph.load import load
from graphfold.graph.project import Project, ProjectError
from graphfold.mistakes import Mistake
from graphfold.settings import SettingsError, read_dotenv

__all__ = ["development_environment", "environment_here", "loaded", "missing_of", "project", "refuse_missing"]


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


def development_environment(root: Path, sandbox: Mapping[str, str] | None = None) -> dict[str, str]:
    """The process's variables over the sandbox's, where one runs, over those of the project's `.env`."""
    return _over(os.environ, _over(sandbox or {}, read_dotenv(root / ".env")))


def environment_here() -> dict[str, str]:
    """For a command that needs no project: where there is one its `.env` counts."""
    try:
        return development_environment(Project.nearest(Path.cwd()).root)
    except ProjectError:
        return dict(os.environ)


def _over(upper: Mapping[str, str], lower: Mapping[str, str]) -> dict[str, str]:
    """Both, `upper` first: a setting given there is not given a second time below, as a value or as a file's name."""
    return {name: value for name, value in lower.items() if _other_form(name) not in upper} | dict(upper)


def _other_form(name: str) -> str:
    return name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"


def refuse_missing(graph: Graph, fix: str) -> None:
    """Stops when a backend has no address or credentials."""
    if missing := missing_of(graph):
        raise Stop(missing, fix=fix)


def missing_of(graph: Graph) -> str:
    """The settings without which backends cannot be called, a line for each backend; empty where there are none."""
    missing = [(adapter.name, graph.missing(adapter)) for adapter in graph.adapters]
    lines = [f"    {name}: {', '.join(variables)}" for name, variables in missing if variables]
    return "\n".join(["These settings are missing:", *lines]) if lines else ""
