"""`.env.example` names what the adapters need: no variable more, none less, with values that the sandbox takes."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import adapters
from graphfold.adapter.base import Adapter
from graphfold.settings import BackendSettings, Settings, read_dotenv, unknown_variables
from sandbox.credentials import variables

ROOT = Path(__file__).parents[2]
EXAMPLE = read_dotenv(ROOT / ".env.example")


def declared() -> list[type[Adapter]]:
    """The adapters of the reference graph."""
    rooms = [importlib.import_module(f"adapters.{found.name}") for found in pkgutil.iter_modules(adapters.__path__)]
    offered = [getattr(room, name) for room in rooms for name in room.__all__]
    return [one for one in offered if isinstance(one, type) and issubclass(one, Adapter)]


def test_example_has_exactly_the_required_variables() -> None:
    needed = {name for one in declared() for name in BackendSettings(one.name).missing(one.needs())}
    assert set(EXAMPLE) == needed
    assert unknown_variables(EXAMPLE, [one.name for one in declared()]) == []


def test_example_values_are_the_sandboxes() -> None:
    played = variables("http://127.0.0.1:8001")
    assert {name: EXAMPLE[name] for name in played} == played


def test_example_is_a_readable_settings_file() -> None:
    Settings.read(EXAMPLE)
    for one in declared():
        BackendSettings.read(one.name, EXAMPLE)
