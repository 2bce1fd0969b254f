"""Provides a gateway with the page, and a browser to open it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.frontend.chromium import Chromium, chromium, find_chromium
from tests.frontend.gateway import serving, small_graph


@pytest.fixture
def gateway() -> Iterator[str]:
    """Yield the base URL of a running gateway with the page."""
    with serving(small_graph()) as url:
        yield url


@pytest.fixture
def bare_gateway(tmp_path: Path) -> Iterator[str]:
    """Yield the base URL of a running gateway whose page has not been built."""
    with serving(small_graph(static=tmp_path)) as url:
        yield url


@pytest.fixture
async def browser() -> AsyncIterator[Chromium]:
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium on PATH or in $CHROME, so the page is not tested (apt-get install chromium)")
    async with chromium(program) as browser:
        yield browser
