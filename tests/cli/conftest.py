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
PATIENCE = 40.0
"""Seconds after which a process that does not do what it should is killed; no test waits for it to pass."""

PATIENT = {"NO_COLOR": "1", "GRAPHFOLD_CONNECT_TIMEOUT": "20", "GRAPHFOLD_CALL_TIMEOUT": "20"}
"""However slow the machine is, no call runs out of time."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GRAPHFOLD_")}
    return own | PATIENT | dict(variables)


class Running:
    """A command that keeps running: `until` reads its stdout, `log` its stderr."""

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
        self.said = ""

    @property
    def log(self) -> str:
        return self._log.read_text()

    def until(self, pattern: str) -> str:
        """Read stdout until a line matches the pattern; return its first group."""
        assert self.process.stdout is not None
        with self._patience():
            for line in self.process.stdout:
                self.said += line
                if found := re.search(pattern, line):
                    return found[found.re.groups and 1]
        raise AssertionError(f"it ended without saying {pattern!r}:\n{self.said}\n{self.log}")

    def logged(self, **part: str) -> dict[str, Any]:
        """Wait for the first log line with these fields, and return it."""
        with self._patience():
            while True:
                for line in self.log.splitlines(keepends=True):
                    said = json.loads(line) if line.endswith("}\n") else {}
                    if part.items() <= said.items():
                        return dict(said)
                assert self.process.poll() is None, self.log

    def end(self, sent: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; return the exit code and the seconds it took."""
        started = time.perf_counter()
        self.process.send_signal(sent)
        return self.process.wait(PATIENCE), time.perf_counter() - started

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Kill the process if the block takes too long."""
        guard = threading.Timer(PATIENCE, self.process.kill)
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
        """Run it to its end."""
        done = python("-m", "graphfold", *arguments, cwd=self.folder, env=_environment(environment), stdin=stdin)
        assert "Traceback" not in done.stderr
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environment: str) -> Running:
        """Start it; to be used as a context manager."""
        return Running(arguments, self.folder, self._logs / f"log-{time.monotonic_ns()}", environment)


class Demo:
    """`graphfold dev` of the reference graph, on free ports, once it says that it is ready."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.sandbox = running.until(r"The sandbox is ready at (\S+)")
        self.url = running.until(r"GraphiQL: (\S+)")
        running.until("Press Ctrl-C to stop")

    def ask(self, query: str, timeout: float = PATIENCE) -> httpx.Response:
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

    def gone(self) -> bool:
        """Return whether the gateway listens no more."""
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
    """Commands in the reference graph: in a copy of it, where no `.env` of a developer lies."""
    folder = tmp_path_factory.mktemp("repository")
    _copy(folder)
    return Commands(folder, tmp_path_factory.mktemp("logs"))


@pytest.fixture
def own_copy(tmp_path: Path) -> Commands:
    """Commands in a copy of the reference graph for one test, which may change it."""
    folder = tmp_path / "reference"
    _copy(folder)
    return Commands(folder, tmp_path)


@pytest.fixture(scope="session")
def demo(repository: Commands) -> Iterator[Demo]:
    """A running demo that tests share and do not change."""
    with repository.start("dev", "--port", "0", "--sandbox-port", "0") as running:
        yield Demo(running)


@pytest.fixture
def own_demo(repository: Commands) -> Iterator[Demo]:
    """A running demo for one test, which may end it."""
    with repository.start("dev", "--port", "0", "--sandbox-port", "0") as running:
        demo = Demo(running)
        with socket.create_connection(address_of(demo.sandbox)) as sandbox:
            yield demo
            sandbox.settimeout(PATIENCE)
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

Name = Annotated[str, strawberry.argument(description="Who is greeted.")]


@resolves(Query)
def hello(name: Name = "you") -> str:
    """Greets."""
    return f"hello {name}"
''',
}


@pytest.fixture
def tiny(tmp_path: Path) -> Commands:
    """Commands in a project of one field, without backends."""
    folder = tmp_path / "tiny"
    for name, text in TINY.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Commands(folder, tmp_path)
