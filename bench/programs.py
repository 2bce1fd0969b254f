"""Start the measured programs, each as a process on an assigned core, and read their processor time and memory."""

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
    """The assigned cores: `gateway` has one to itself, everything else shares the other. None: no assignment."""

    gateway: int | None = None
    others: int | None = None

    @classmethod
    def found(cls) -> Cores:
        """Return two cores of this machine if it has two and `taskset` to bind to them."""
        if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
            return cls()
        cores = sorted(os.sched_getaffinity(0))
        return cls(cores[0], cores[1]) if len(cores) > 1 else cls()


@dataclass(frozen=True)
class Program:
    """A running program that has printed its address."""

    url: str
    pid: int

    def cpu(self) -> float | None:
        """Return the seconds of processor time used so far, where the system reports it."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / TICKS

    def peak(self) -> float | None:
        """Return the peak memory in MiB, where the system reports it."""
        try:
            lines = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


class NotReady(Exception):
    """A program ended before it printed its address; the message is its output."""


@contextmanager
def running(
    arguments: Sequence[str], *, core: int | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Program]:
    """Run `python <arguments>` until the block ends, with these variables added to this process's."""
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
    """Return the address in the first line of JSON that has one."""
    output: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        output.append(line.decode(errors="replace"))
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict) and "url" in value:
            return str(value["url"]).removesuffix("/graphql")
    raise NotReady("".join(output))


def _discard(process: subprocess.Popen[bytes]) -> None:
    """Read and drop log lines: writing them is part of what a program costs, but their content is not used."""
    assert process.stdout is not None
    while process.stdout.read(65536):
        pass


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
