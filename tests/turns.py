"""Tests that measure have the machine to themselves, also where several processes share the suite.

Each process holds a lock of its own while a test runs; a test marked `alone` holds those of all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock

__all__ = ["turn"]


@contextmanager
def turn(folder: Path, *, alone: bool) -> Iterator[None]:
    """Until the block ends. The locks lie in this folder; without pytest-xdist there is nobody to wait for."""
    name = os.environ.get("PYTEST_XDIST_WORKER")
    if name is None:
        yield
        return
    names = [f"gw{n}" for n in range(int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))] if alone else [name]
    with ExitStack() as held:
        with FileLock(folder / "door"):  # who waits for all stands in it, so that nobody begins another test meanwhile
            for each in names:
                held.enter_context(FileLock(folder / each))
        yield
