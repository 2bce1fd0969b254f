"""For every test: asyncio only, no variables of the machine's environment, and `alone` tests run without others."""

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GRAPHFOLD_")]:
        monkeypatch.delenv(name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    worker = getattr(item.config, "workerinput", None)
    if worker is None:  # no other process runs tests
        return (yield)
    every = [f"gw{number}" for number in range(worker["workercount"])]
    alone = item.get_closest_marker("alone") is not None
    with _turn(item.config.cache.mkdir("turns"), every if alone else [worker["workerid"]]):
        return (yield)


@contextmanager
def _turn(folder: Path, workers: list[str]) -> Iterator[None]:
    """While the block runs no other holds the lock of one of these workers: a test holds its own, who is alone all."""
    with ExitStack() as held:
        with FileLock(folder / "door"):  # who waits for all stands in it, so that nobody begins another test meanwhile
            for worker in workers:
                held.enter_context(FileLock(folder / worker))
        yield
