"""Fixtures for every test: asyncio is the only loop, and the environment of the machine does not leak in."""

import os
from collections.abc import Generator

import pytest

from tests.turns import turn


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    alone = item.get_closest_marker("alone") is not None
    with turn(item.config.cache.mkdir("turns"), alone=alone):
        return (yield)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GRAPHFOLD_")]:
        monkeypatch.delenv(name)
