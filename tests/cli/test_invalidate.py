"""`graphfold invalidate` against running gateways, other servers and closed ports."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from graphfold.cli.main import main
from graphfold.serving.web_server import serve_app
from graphfold.testing import declaring
from tests.graphfold.shelf_life import goods

pytestmark = pytest.mark.anyio

SECRET = "a long enough secret of ours"


@pytest.fixture(autouse=True)
def _memory() -> Iterator[None]:
    """Restore the garbage collector, which `serve_app` tunes for the whole process."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in a folder without a project: the secret suffices."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("GRAPHFOLD_INVALIDATION_SECRET", SECRET)


@pytest.fixture
async def gateway() -> AsyncIterator[tuple[str, list[Any]]]:
    with declaring(), structlog.testing.capture_logs() as log, socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve_app(goods(invalidation_secret=SECRET).app(), listener):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", log


async def run(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["invalidate", *arguments])


async def test_invalidate_prints_the_outcome_of_each_gateway(
    gateway: tuple[str, list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    url, log = gateway
    assert await run("depot", "names", "1", "2", "--url", url) == 0
    assert await run("depot", "prices", "7", "--url", f"{url}/") == 0
    assert await run("depot", "all", "--all", "--url", url, "--url", url) == 0
    printed = capsys.readouterr().out.replace(f"{url}/", url).splitlines()
    assert printed == [
        f"{url}: depot.names: 2 keys are forgotten.",
        f"{url}: depot.prices: 1 key is forgotten.",
        *[f"{url}: depot.all: all keys are forgotten."] * 2,
    ]
    assert [line["operation"] for line in log if line["event"] == "invalidated"] == ["names", "prices", "all", "all"]


async def test_invalidate_prints_rejections(
    gateway: tuple[str, list[Any]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, _ = gateway
    assert await run("depot", "nams", "1", "--url", url) == 1
    assert await run("depot", "prices", "one", "--url", url) == 1
    assert await run("depot", "names", "1", "--url", f"{url}/graphql") == 1
    monkeypatch.setenv("GRAPHFOLD_INVALIDATION_SECRET", "another secret than that of the gateway")
    assert await run("depot", "names", "1", "--url", url) == 1
    printed = capsys.readouterr().err
    assert f"{url}: depot has no operation named 'nams'. Did you mean 'names'?" in printed
    assert f"{url}: 'one' is no key of depot.prices: its keys are of type int." in printed
    assert f"{url}/graphql does not accept invalidations." in printed
    assert f"{url}: The signature is wrong." in printed
    assert SECRET not in printed


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["depot", "names"], 2, "Say which keys have changed, or --all, not both."),
        (["depot", "names", "1", "--all"], 2, "Say which keys have changed, or --all, not both."),
        (["depot", "names", "1", "--url", "http://127.0.0.1:1"], 1, "http://127.0.0.1:1: no answer"),
        (["depot", "names", "1", "--url", "nonsense"], 1, "nonsense: no answer"),
    ],
)
async def test_invalidate_explains_unreachable_gateways(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(*arguments) == code
    assert message in capsys.readouterr().err


async def test_invalidate_without_a_secret_stops(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRAPHFOLD_INVALIDATION_SECRET")
    assert await run("depot", "names", "1") == 1
    assert "GRAPHFOLD_INVALIDATION_SECRET is not set" in capsys.readouterr().err
    monkeypatch.setenv("GRAPHFOLD_INVALIDATION_SECRET", "short")
    assert await run("depot", "names", "1") == 1
    assert "GRAPHFOLD_INVALIDATION_SECRET is too short; it has to be" in capsys.readouterr().err
