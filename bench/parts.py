"""The parts of the bench: which programs run in front of which backends, under which loads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import msgspec

from bench.agreement import check, counted, fetch
from bench.execution import Measured
from bench.firsts import Firsts
from bench.measuring import MANY, Generator, Measuring, Plan, Results, Say
from bench.overload import Overload, overload
from bench.programs import ROOT, Cores, Program, pinned, running
from bench.startup import first_answer
from bench.workloads import ANSWER_CACHED, DELAYED, ENTITIES_CACHED, PAGE, WORKLOADS, Workload, examples

SERVE = ["-m", "graphfold", "serve", "--port", "0"]
PROGRAMS = {"ceiling": ["-m", "bench.ceiling"], "graphfold": SERVE, "handwritten": ["-m", "bench.handwritten"]}
ON_EXAMPLES = {"graphfold": ["-m", "bench.gateway"], "handwritten": PROGRAMS["handwritten"]}
BACKENDS = ["-m", "bench.backends"]
SLOW_BACKENDS = [*BACKENDS, "--delay", "0.02"]
SANDBOX = ["-m", "sandbox", "--port", "0", "--marketing-delay", "0", "--shop-rate", "1000000000"]

SETTINGS = {
    "GRAPHFOLD_MAX_PAGE_SIZE": "1000",
    "GRAPHFOLD_CALL_TIMEOUT": "60",
    "GRAPHFOLD_CONNECT_TIMEOUT": "60",
}
"""A list of 1,000 is asked for, and under 32 deep queries a slow program waits for itself for many seconds."""

NO_MORE: Mapping[str, str] = {}

Commands = Mapping[str, Sequence[str]]
"""What to start, by the name it is measured under."""


@dataclass(frozen=True)
class Part:
    """The figures of some loads: `calls` by load, `memory` in MiB by program."""

    workloads: list[Workload]
    results: Results
    calls: dict[str, int]
    memory: dict[str, float | None]


@dataclass(frozen=True)
class Bench:
    plan: Plan
    cores: Cores
    say: Say

    def loads(self) -> Part:
        """Measure the loads with customers that no request has used before."""
        return self._part(WORKLOADS, BACKENDS, PROGRAMS, self.plan)

    def entities_cached(self) -> Part:
        """Measure repeated pages that graphfold answers from its entity cache."""
        without = {"GRAPHFOLD_ANSWER_CACHE": "0"}
        return self._part([ENTITIES_CACHED], BACKENDS, {"graphfold": SERVE}, self._at(MANY), without)

    def answers_cached(self) -> Part:
        """Measure repeated pages that graphfold answers from its answer cache."""
        return self._part([ANSWER_CACHED], BACKENDS, {"graphfold": SERVE}, self._at(MANY))

    def delayed(self) -> Part:
        """Measure the loads over backends with a delay."""
        programs = {name: PROGRAMS[name] for name in ("ceiling", "graphfold")}
        return self._part([DELAYED], SLOW_BACKENDS, programs, self._at(1))

    def examples(self) -> Part:
        return self._part(list(examples()), SANDBOX, ON_EXAMPLES, self._at(1))

    def shared(self) -> int:
        """Count the backend calls of many equal concurrent pages."""
        with self._started(SLOW_BACKENDS, {"graphfold": SERVE}) as (backends, programs):
            page = f"{programs['graphfold'].url}/graphql", PAGE.about(1_000)
            with counted(backends) as calls, ThreadPoolExecutor(MANY) as threads:
                list(threads.map(lambda _: fetch(*page), range(MANY)))
            return sum(calls.values())

    def overload(self) -> Overload:
        """Measure more load than graphfold can answer."""
        with self._started(BACKENDS, {"graphfold": SERVE}) as (_, programs):
            return overload(programs["graphfold"], self.plan, self.cores, self.say)

    def first_answer(self, times: int = 5) -> float:
        """Return the seconds from graphfold's start to its first answer."""
        self.say(f"starting graphfold {times} times")
        with self._backends(BACKENDS) as (_, environment):
            return first_answer(SERVE, environment, core=self.cores.gateway, times=times)

    def firsts(self) -> Firsts:
        """Measure the first request with a new document."""
        self.say("documents seen for the first time")
        with self._backends(BACKENDS) as (_, environment):
            return msgspec.json.decode(self._output(["-m", "bench.firsts"], environment), type=Firsts)

    def execution(self) -> list[Measured]:
        """Measure plans alone, without backends and network."""
        self.say("execution alone")
        return msgspec.json.decode(self._output(["-m", "bench.execution", "--json"], {}), type=list[Measured])

    def _at(self, connections: int) -> Plan:
        return Plan(self.plan.rounds, self.plan.seconds, connections=(connections,))

    def _part(
        self,
        workloads: Sequence[Workload],
        backends: list[str],
        programs: Commands,
        plan: Plan,
        settings: Mapping[str, str] = NO_MORE,
    ) -> Part:
        started_here = self._started(backends, programs, settings)
        with started_here as (behind, started), Generator(self.cores.others) as generator:
            calls = agreed(workloads, started, behind)
            self.say(f"equal answers, equal calls: {', '.join(f'{name} {count}' for name, count in calls.items())}")
            results = Measuring(plan, generator, self.say).measure(workloads, started)
            memory = {name: program.peak() for name, program in started.items()}
        return Part(list(workloads), results, calls, memory)

    @contextmanager
    def _started(
        self, backends: list[str], programs: Commands, settings: Mapping[str, str] = NO_MORE
    ) -> Iterator[tuple[Program, dict[str, Program]]]:
        self.say(f"starting {' '.join(backends[1:])}, {', '.join(programs)}")
        with self._backends(backends) as (behind, environment), ExitStack() as stack:
            variables = {**environment, **settings}
            started = {
                name: stack.enter_context(running(command, core=self.cores.gateway, environment=variables))
                for name, command in programs.items()
            }
            for program in started.values():
                fetch(f"{program.url}/graphql", PAGE.about(0))  # so that tokens are there
            yield behind, started

    @contextmanager
    def _backends(self, command: list[str]) -> Iterator[tuple[Program, dict[str, str]]]:
        """Start the backends and return them with the variables that name them."""
        with running(command, core=self.cores.others) as behind:
            yield behind, {**fetch(f"{behind.url}/_sandbox/settings"), **SETTINGS}

    def _output(self, arguments: list[str], environment: Mapping[str, str]) -> bytes:
        """Return the output of a program that runs on the gateway's core."""
        command = [*pinned(self.cores.gateway), sys.executable, *arguments]
        variables = {**os.environ, **environment}
        return subprocess.run(command, cwd=ROOT, env=variables, check=True, stdout=subprocess.PIPE).stdout


def agreed(workloads: Sequence[Workload], programs: dict[str, Program], backends: Program) -> dict[str, int]:
    """Check that all programs agree, and return the number of backend calls of each load."""
    places = range(10_000, 100_000, 10_000)  # no two loads ask about the same customers
    return {load.name: check(load, programs, backends, place) for load, place in zip(workloads, places, strict=False)}
