"""Run the tests of this folder on an event loop whose clock skips every wait, so that times are exact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from graphfold.testing.conformance.virtual_time import VirtualTimeLoop


class BusyLoop(VirtualTimeLoop):
    def pass_time(self, seconds: float) -> None:
        """Advance the clock as if a callback had blocked the loop for so many seconds."""
        self._own_selector.skipped += seconds


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": BusyLoop}


@pytest.fixture
async def clock() -> Callable[[], float]:
    return asyncio.get_running_loop().time
