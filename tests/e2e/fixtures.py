"""Sandboxes for the tests of the reference graph: a shared read-only one, and one per test that changes data."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest
from anyio.from_thread import start_blocking_portal

from sandbox.company import Settings
from sandbox.seeding import filled
from sandbox.server import running
from tests.e2e.gateway import Gateway, gateway

SHARED = Settings(customers=200, marketing_delay=0, shop_rate=1_000_000)
OWN = Settings(customers=40, marketing_delay=0)


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[str]:
    """Return the address of a sandbox in its own thread, which outlives each test's event loop."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(running(SHARED)) as sandbox:
        yield sandbox.url


@pytest.fixture(scope="session")
def books() -> Iterator[sqlite3.Connection]:
    """Return the rows that the shared sandbox serves, in a database of the test's own."""
    with closing(filled(SHARED.customers)) as database:
        yield database


@pytest.fixture
async def graph(shared_sandbox: str) -> AsyncIterator[Gateway]:
    """Return the reference graph with empty caches, for reading only."""
    async with gateway(shared_sandbox) as opened:
        yield opened


@pytest.fixture
async def own_sandbox() -> AsyncIterator[str]:
    """Return the address of a sandbox that the test may change."""
    async with running(OWN) as sandbox:
        yield sandbox.url


@pytest.fixture
async def own_graph(own_sandbox: str) -> AsyncIterator[Gateway]:
    """Return the reference graph over a sandbox that the test may change."""
    async with gateway(own_sandbox) as opened:
        yield opened
