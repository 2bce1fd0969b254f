"""The web server in this process: it is up when the block begins, or says why it is not."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import strawberry
import structlog

from graphfold import resolves
from graphfold.cli.serving import served
from graphfold.cli.terminal import Stop
from graphfold.testing import declaring, graph_of

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Serving settles the collector of its process, which is ours here."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture
def app() -> Iterator[Any]:
    with declaring(), structlog.testing.capture_logs():

        @strawberry.type
        class Query:
            pass

        @resolves(Query)
        def name() -> str:
            return "graph"

        yield graph_of().app()


async def test_it_answers_until_the_block_ends(app: Any) -> None:
    before = asyncio.all_tasks()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        async with served(app, listener), httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(url, json={"query": "{ name }"})
            assert answer.json() == {"data": {"name": "graph"}}
    assert asyncio.all_tasks() == before


async def test_a_server_that_does_not_come_up_is_told(app: Any) -> None:
    before = asyncio.all_tasks()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.close()
    with pytest.raises(Stop, match="The web server ended before it was up: "):
        async with served(app, listener):
            pytest.fail("it is not up")
    assert asyncio.all_tasks() == before
