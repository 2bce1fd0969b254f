"""Starts the programs, each in a process and on a core of its own kind, and reads from the outside what they cost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True)
class Cores:
    """Where programs run: `gateway` has a core to itself, everything else shares the other. None: anywhere."""

    gateway: int | None = None
    others: int | None = None

    @classmethod
    def found(cls) -> Cores:
        """Two cores of this machine, where there are two and `taskset` to bind to them."""
        if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
            return cls()
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], cores[1]) if len(cores) > 1 else cls()


@dataclass(frozen=True)
class Program:
    """A running program that said where it answers."""

    url: str
    pid: int

    def cpu(self) -> float | None:
        """Seconds of processor time used so far, where the system tells."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self) -> float | None:
        """The most memory it has held, in MiB, where the system tells."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


class NotReady(Exception):
    """A program ended before it answered; the text is all it said."""


@contextmanager
def running(
    arguments: Sequence[str], *, core: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """`python <arguments>` until the block ends, with these variables added to ours."""
    command = [*pinned(core), sys.executable, *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        reader = threading.Thread(target=_discard, args=(process,), daemon=True)
        try:
            program = Program(_address(process), process.pid)
            reader.start()
            yield program
        finally:
            process.terminate()
            _ended(process)
            if reader.is_alive():
                reader.join()


def pinned(core: int | None) -> list[str]:
    return [] if core is None else ["taskset", "-c", str(core)]


def _address(process: subprocess.Popen[bytes]) -> str:
    """The address in the first line of JSON that has one."""
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.decode(errors="replace"))
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and "url" in told:
            return str(told["url"]).removesuffix("/graphql")
    raise NotReady("".join(said))


def _discard(process: subprocess.Popen[bytes]) -> None:
    """Log lines are part of what a program costs, but nobody reads them."""
    assert process.stdout is not None
    while process.stdout.read(65536):
        pass


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
