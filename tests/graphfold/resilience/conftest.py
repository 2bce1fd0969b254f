"""Nobody waits here, and every time is exact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from graphfold.testing.conformance.virtual_time import VirtualTimeLoop


class Busy(VirtualTimeLoop):
    def pass_time(self, seconds: float) -> None:
        """As if something had kept the loop busy for so long."""
        self._own_selector.skipped += seconds


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"loop_factory": Busy}


@pytest.fixture
async def clock() -> Callable[[], float]:
    return asyncio.get_running_loop().time
