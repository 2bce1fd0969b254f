"""docs/your-own-graph.md, followed block by block in an empty folder."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.python import python

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-graph.md").read_text(encoding="utf-8")
PORTS = ["8101", "8102"]
"""The ports of the page's toy backends; the test replaces them with free ones."""


def free_ports(count: int) -> list[str]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(listener.getsockname()[1]) for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder with every file of the page."""
    ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
    blocks = re.findall(
        r"^```(?:python|toml|sh|xml)\n(?:# |<!-- )(\S+)(?: -->)?\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
    )
    assert len(blocks) == 12
    for name, text in blocks:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(re.sub("|".join(ports), lambda port: ports[port[0]], text), encoding="utf-8")
    return tmp_path


def shown(command: str) -> str:
    """What the page shows below a command."""
    answer = re.search(rf"^\$ {re.escape(command)}.*\n((?:[^$`\n].*\n)*)", PAGE, re.MULTILINE)
    assert answer, command
    return answer[1]


def settings(folder: Path) -> dict[str, str]:
    lines = (folder / ".env").read_text(encoding="utf-8").split()
    return dict(line.split("=", 1) for line in lines)


@contextmanager
def backends(folder: Path) -> Iterator[None]:
    command = [sys.executable, str(folder / "backends.py")]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for name in ("GRAPHFOLD_SHOP_URL", "GRAPHFOLD_WAREHOUSE_URL"):
                transport = httpx.HTTPTransport(retries=20)
                with httpx.Client(transport=transport) as client:
                    client.get(settings(folder)[name] + "/customers")
            yield
        finally:
            process.kill()


def test_check_prints_what_the_page_shows(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    checked = python("-m", "graphfold", "check", cwd=folder, env=environment)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, shown("graphfold check"))


@pytest.mark.slow
def test_mypy_prints_what_the_page_shows(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    typed = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", str(folder / ".cache"), "."],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert typed.stdout == shown("mypy .")


def test_query_is_answered_as_the_page_shows(folder: Path) -> None:
    [command] = re.findall(r"^\$ graphfold query '(.*)' --json$", PAGE, re.MULTILINE)
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    with backends(folder):
        answered = python("-m", "graphfold", "query", command, "--json", cwd=folder, env=environment)
    assert json.loads(answered.stdout) == json.loads(shown("graphfold query"))


def test_application_answers_under_an_asgi_server(folder: Path) -> None:
    program = (
        "import asyncio, httpx, app\n"
        "async def main():\n"
        "    async with app.app.router.lifespan_context(app.app):\n"
        "        transport = httpx.ASGITransport(app.app)\n"
        "        async with httpx.AsyncClient(transport=transport, base_url='http://test') as client:\n"
        "            query = {'query': '{ customer(number: \"1\") { name } }'}\n"
        "            print((await client.post('/graphql', json=query)).text)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, **settings(folder), "PYTHONPATH": str(folder)}
    with backends(folder):
        answered = python("-c", program, cwd=folder, env=environment)
    assert '{"data":{"customer":{"name":"Ada"}}}' in answered.stdout, answered.stderr
