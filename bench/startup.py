"""Measure the time from the start of a program's process to its first answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter

from bench.agreement import fetch
from bench.programs import running
from bench.workloads import TINY


def first_answer(command: Sequence[str], environment: Mapping[str, str], *, core: int | None, times: int) -> float:
    """Return the seconds of the fastest of this many starts: other work on the machine only makes them slower."""
    return min([_once(command, environment, core) for _ in range(times)])


def _once(command: Sequence[str], environment: Mapping[str, str], core: int | None) -> float:
    started = perf_counter()
    with running(command, core=core, environment=environment) as program:
        fetch(f"{program.url}/graphql", TINY.about(0))
        return perf_counter() - started
