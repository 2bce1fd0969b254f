"""Run the load generator against each program in turn, round after round, and keep the medians."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from statistics import median
from typing import Self

import msgspec

from bench.load import Job, Outcome
from bench.programs import ROOT, Program, pinned
from bench.workloads import Workload

MANY = 32
"""Requests at a time, beside one at a time."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How long to measure: `seconds` for each program, load, round and number of connections."""

    rounds: int = 3
    seconds: float = 3.0
    connections: Sequence[int] = (1, MANY)


@dataclass(frozen=True)
class Figures:
    """One program under one load: milliseconds, requests a second, processor milliseconds a request."""

    p50: float
    p99: float
    rate: float
    cpu: float | None


Results = dict[tuple[str, str, int], Figures]
"""By workload, program and connections."""


class LoadFailed(Exception):
    """The load generator failed; its stderr says why."""


class Generator:
    """The load generator's process. As a context manager it ends with its block."""

    def __init__(self, core: int | None) -> None:
        command = [*pinned(core), sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, job: Job) -> Outcome:
        """Raises `LoadFailed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(job) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise LoadFailed(f"the load generator failed at {job.url} with {job.connections} connections")
        return msgspec.json.decode(line, type=Outcome)


@dataclass
class Measuring:
    """The state of a measurement. `place` is the first unused customer, so that no cache holds a load's data."""

    plan: Plan
    generator: Generator
    say: Say
    place: int = 100_000
    _runs: dict[tuple[str, str, int], list[Figures]] = field(default_factory=dict)

    def measure(self, workloads: Sequence[Workload], programs: Mapping[str, Program]) -> Results:
        """Return the medians of all rounds; in a round each load runs against every program, one after the other."""
        for number in range(self.plan.rounds):
            for workload in workloads:
                for connections in self.plan.connections:
                    self.say(f"round {number + 1} of {self.plan.rounds}: {workload.name}, {connections} at a time")
                    self._interleaved(workload, programs, connections)
        return {key: _medians(runs) for key, runs in self._runs.items()}

    def _interleaved(self, workload: Workload, programs: Mapping[str, Program], connections: int) -> None:
        self.place = workload.fits(self.place)
        asked = [self._one(workload, name, program, connections) for name, program in programs.items()]
        self.place += (workload.again or max(asked)) * workload.span

    def _one(self, workload: Workload, name: str, program: Program, connections: int) -> int:
        before = program.cpu()
        outcome = self.generator.run(self._job(workload, program, connections))
        after = program.cpu()
        cpu = None if before is None or after is None else (after - before) * 1000 / outcome.requests
        figures = Figures(outcome.p50, outcome.p99, outcome.rate, cpu)
        self._runs.setdefault((workload.name, name, connections), []).append(figures)
        return outcome.requests

    def _job(self, workload: Workload, program: Program, connections: int) -> Job:
        return Job(
            url=f"{program.url}/graphql",
            body=workload.body.decode(),
            span=workload.span,
            place=self.place,
            connections=connections,
            seconds=self.plan.seconds,
            again=workload.again,
        )


def _medians(runs: list[Figures]) -> Figures:
    return Figures(*(_median([getattr(run, each.name) for run in runs]) for each in fields(Figures)))


def _median(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else float("nan")
