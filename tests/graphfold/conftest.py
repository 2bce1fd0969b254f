"""Fixtures for all tests of the engine: every test declares a graph of its own."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
import structlog

from graphfold.testing import declaring
from tests.graphfold.written import PRELUDE, parts


@pytest.fixture(autouse=True)
def _own_declarations() -> Iterator[None]:
    with declaring():
        yield


@pytest.fixture(autouse=True)
def log() -> Iterator[list[structlog.typing.EventDict]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    def imported(source: str) -> ModuleType:
        file = tmp_path / "written.py"
        file.write_text(PRELUDE + "\n" + "\n".join(dedent(part) for part in parts(source)))
        spec = importlib.util.spec_from_file_location("written", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "written", module)
        spec.loader.exec_module(module)
        return module

    return imported
