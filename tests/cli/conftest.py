"""Runs commands as users do: in a process of their own, in the folder of a project."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from tests.python import python

ROOT = Path(__file__).parents[2]
ROOMS = ("schema", "adapters", "resolvers", "queries", "sandbox")
TIMEOUT = 40.0
"""Seconds after which a process that hangs is killed. A test that passes never waits for them."""

LONG_TIMEOUTS = {"NO_COLOR": "1", "GRAPHFOLD_CONNECT_TIMEOUT": "20", "GRAPHFOLD_CALL_TIMEOUT": "20"}
"""Variables for all processes: no call may time out on a slow machine."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHFOLD_")}
    return own | LONG_TIMEOUTS | dict(variables)


class Running:
    """A command that keeps running: `read_until` reads its stdout, `log` its stderr."""

    def __init__(self, arguments: tuple[str, ...], folder: Path, log: Path, environment: Mapping[str, str]) -> None:
        self._log = log
        with log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "graphfold", *arguments],
                cwd=folder,
                env=_environment(environment),
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self.output = ""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def read_until(self, pattern: str) -> str:
        """Read stdout until a line matches the pattern; return its first group."""
        assert self.process.stdout is not None
        with self._kill_on_timeout():
            for line in self.process.stdout:
                self.output += line
                if match := re.search(pattern, line):
                    return match[match.re.groups and 1]
        raise AssertionError(f"it ended without printing {pattern!r}:\n{self.output}\n{self.log}")

    def wait_for_log(self, **fields: str) -> dict[str, Any]:
        """Wait for the first log line with these fields, and return it."""
        with self._kill_on_timeout():
            while True:
                for line in self.log.splitlines(keepends=True):
                    entry = json.loads(line) if line.endswith("}\n") else {}
                    if fields.items() <= entry.items():
                        return dict(entry)
                assert self.process.poll() is None, self.log

    def end(self, signal_number: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        started = time.perf_counter()
        self.process.send_signal(signal_number)
        return self.process.wait(TIMEOUT), time.perf_counter() - started

    @contextmanager
    def _kill_on_timeout(self) -> Iterator[None]:
        """Kill the process if the block takes too long."""
        guard = threading.Timer(TIMEOUT, self.process.kill)
        guard.start()
        try:
            yield
        finally:
            guard.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Commands:
    """Runs commands in one folder."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder, self._logs = folder, logs

    def run(self, *arguments: str, stdin: str = "", **environment: str) -> Outcome:
        """Run a command until it ends."""
        process = python("-m", "graphfold", *arguments, cwd=self.folder, env=_environment(environment), stdin=stdin)
        assert "Traceback" not in process.stderr
        return Outcome(process.returncode, process.stdout, process.stderr)

    def start(self, *arguments: str, **environment: str) -> Running:
        """Start a command, which ends with the `with` block."""
        return Running(arguments, self.folder, self._logs / f"log-{time.monotonic_ns()}", environment)


class DevServer:
    """`graphfold dev` of the reference graph, on free ports; it is ready once constructed."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.sandbox = running.read_until(r"The sandbox is ready at (\S+)")
        self.url = running.read_until(r"GraphiQL: (\S+)")
        running.read_until("Press Ctrl-C to stop")

    def post(self, query: str, timeout: float = TIMEOUT) -> httpx.Response:
        return httpx.post(self.url, json={"query": query}, timeout=timeout)

    def fault(self, **fault: Any) -> None:
        httpx.post(f"{self.sandbox}/_sandbox/faults", json=fault).raise_for_status()

    def wait_for_call(self, backend: str, action: Callable[[], object]) -> None:
        """Run an action, and return once it has made the gateway call the backend."""
        before = self._calls(backend)
        action()
        while self._calls(backend) == before:
            pass

    def _calls(self, backend: str) -> int:
        return int(httpx.get(f"{self.sandbox}/_sandbox/requests").json()[backend])

    def stopped(self) -> bool:
        """Return whether the gateway has stopped listening."""
        with socket.socket() as probe:
            return probe.connect_ex(address_of(self.url)) != 0


def address_of(url: str) -> tuple[str, int]:
    parts = httpx.URL(url)
    return parts.host, parts.port or 80


def _copy(folder: Path) -> None:
    for room in ROOMS:
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """Return commands in a copy of the reference graph, which has no `.env` of a developer."""
    folder = tmp_path_factory.mktemp("repository")
    _copy(folder)
    return Commands(folder, tmp_path_factory.mktemp("logs"))


@pytest.fixture
def own_copy(tmp_path: Path) -> Commands:
    """Return commands in a copy of the reference graph that the test may change."""
    folder = tmp_path / "reference"
    _copy(folder)
    return Commands(folder, tmp_path)


@pytest.fixture(scope="session")
def dev_server(repository: Commands) -> Iterator[DevServer]:
    """Run `graphfold dev` for all tests that do not change or end it."""
    with repository.start("dev", "--port", "0", "--sandbox-port", "0") as running:
        yield DevServer(running)


@pytest.fixture
def own_dev_server(repository: Commands) -> Iterator[DevServer]:
    """Run `graphfold dev` for one test, which may end it, and wait for the end of its sandbox."""
    with repository.start("dev", "--port", "0", "--sandbox-port", "0") as running:
        dev_server = DevServer(running)
        with socket.create_connection(address_of(dev_server.sandbox)) as sandbox:
            yield dev_server
            sandbox.settimeout(TIMEOUT)
            assert sandbox.recv(1) == b"", "the sandbox has not ended with the gateway"


TINY = {
    "pyproject.toml": '[tool.graphfold]\ntitle = "Tiny"\n',
    "schema/__init__.py": "",
    "schema/roots.py": 'import strawberry\n\n\n@strawberry.type(description="All.")\nclass Query:\n    pass\n',
    "adapters/__init__.py": "",
    "resolvers/__init__.py": "",
    "resolvers/hello.py": '''
from typing import Annotated

import strawberry
from graphfold import resolves
from schema.roots import Query

Name = Annotated[str, strawberry.argument(description="The name to greet.")]


@resolves(Query)
def hello(name: Name = "you") -> str:
    """Return a greeting."""
    return f"hello {name}"
''',
}


@pytest.fixture
def tiny(tmp_path: Path) -> Commands:
    """Return commands in a project of one field, without backends."""
    folder = tmp_path / "tiny"
    for name, text in TINY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Commands(folder, tmp_path)
