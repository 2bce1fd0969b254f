"""The front door: what authors import from `graphfold`, and the public rooms beside it."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import graphfold

ROOMS = ("conversions", "credentials", "errors", "manifest", "resilience", "scalars", "testing")


def public(module: ModuleType) -> list[str]:
    """Return the public names of a module that are not modules."""
    return [name for name, value in vars(module).items() if name[0] != "_" and not inspect.ismodule(value)]


def test_front_door_lists_its_names_sorted_and_at_most_25() -> None:
    assert sorted(public(graphfold)) == sorted(graphfold.__all__)
    assert graphfold.__all__ == sorted(graphfold.__all__)
    assert len(graphfold.__all__) <= 25


@pytest.mark.parametrize("name", graphfold.__all__)
def test_front_door_names_have_docstrings(name: str) -> None:
    value = getattr(graphfold, name)
    assert inspect.getdoc(value) or not callable(value)


@pytest.mark.parametrize("room", ROOMS)
def test_public_room_has_a_docstring_and_its_listed_names(room: str) -> None:
    module = importlib.import_module(f"graphfold.{room}")
    assert module.__doc__
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_import_of_the_front_door_loads_no_server_or_command_line() -> None:
    heavy = ("fastapi", "uvicorn", "typer", "pytest")
    code = "import graphfold, sys; print([name for name in %r if name in sys.modules])" % (heavy,)  # noqa: UP031
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
