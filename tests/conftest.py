"""Fixtures for every test: asyncio is the only loop, and the environment of the machine does not leak in."""

import os

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GRAPHFOLD_")]:
        monkeypatch.delenv(name)
