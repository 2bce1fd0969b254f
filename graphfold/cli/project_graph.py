"""Loads the current project and its graph for a command, or stops with one clear message."""

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

__all__ = [
    "current_environment",
    "current_project",
    "describe_missing_settings",
    "development_environment",
    "load_graph",
    "stop_if_settings_are_missing",
]


def current_project() -> Project:
    """Return the project that contains the current folder."""
    try:
        return Project.nearest(Path.cwd())
    except ProjectError as error:
        raise Stop(str(error)) from None


def load_graph(environment: Mapping[str, str]) -> Graph:
    """Return the graph of the current project, with settings from this environment."""
    try:
        return load(environment=environment)
    except (Mistake, ProjectError, SettingsError) as error:
        raise Stop(str(error)) from None
    except Exception as error:  # Strawberry and graphql-core have no common class of error for an invalid schema
        message = f"The schema cannot be built: {error}"
        raise Stop(message, fix="correct the type, or the resolver that returns it.") from error


def development_environment(root: Path, sandbox: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of the process, over those of a running sandbox, over those of the project's `.env`."""
    return _override(os.environ, _override(sandbox or {}, read_dotenv(root / ".env")))


def current_environment() -> dict[str, str]:
    """Return the variables for a command that needs no project, with those of `.env` if there is a project."""
    try:
        return development_environment(Project.nearest(Path.cwd()).root)
    except ProjectError:
        return dict(os.environ)


def _override(upper: Mapping[str, str], lower: Mapping[str, str]) -> dict[str, str]:
    """Return both, with `upper` first.

    A setting has two forms, `NAME` with the value and `NAME_FILE` with a file's name. The upper one's replaces both.
    """

    # Both forms at once are an error, so `NAME` above must hide `NAME_FILE` below.
    def other_form(name: str) -> str:
        return name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"

    return {name: value for name, value in lower.items() if other_form(name) not in upper} | dict(upper)


def stop_if_settings_are_missing(graph: Graph, fix: str) -> None:
    """Raise `Stop` if a backend has no address or credentials."""
    if missing := describe_missing_settings(graph):
        raise Stop(missing, fix=fix)


def describe_missing_settings(graph: Graph) -> str:
    """Return the missing settings that backends cannot be called without, a line for each backend; empty if none."""
    missing = [(adapter.name, graph.missing(adapter)) for adapter in graph.adapters]
    lines = [f"    {name}: {', '.join(variables)}" for name, variables in missing if variables]
    return "\n".join(["These settings are missing:", *lines]) if lines else ""
