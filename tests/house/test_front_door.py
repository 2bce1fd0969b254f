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
    """What a module offers that is no module itself."""
    return [name for name, value in vars(module).items() if name[0] != "_" and not inspect.ismodule(value)]


def test_it_is_complete_sorted_and_small() -> None:
    assert sorted(public(graphfold)) == sorted(graphfold.__all__)
    assert graphfold.__all__ == sorted(graphfold.__all__)
    assert len(graphfold.__all__) <= 25


@pytest.mark.parametrize("name", graphfold.__all__)
def test_everything_at_it_is_described(name: str) -> None:
    offered = getattr(graphfold, name)
    assert inspect.getdoc(offered) or not callable(offered)


@pytest.mark.parametrize("room", ROOMS)
def test_public_rooms_say_what_they_offer(room: str) -> None:
    module = importlib.import_module(f"graphfold.{room}")
    assert module.__doc__
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_it_opens_without_the_server_and_the_command_line() -> None:
    heavy = ("fastapi", "uvicorn", "typer", "pytest")
    told = "import graphfold, sys; print([name for name in %r if name in sys.modules])" % (heavy,)  # noqa: UP031
    opened = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert opened.stdout.strip() == "[]"
