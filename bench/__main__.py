"""`python -m bench`: checks that the programs agree, measures them, prints ratios. Progress on stderr."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import tables
from bench.agreement import Disagreement, check, fetch
from bench.measuring import Generator, LoadFailed, Measuring, Plan, Results
from bench.programs import Cores, NotReady, Program, running
from bench.workloads import WORKLOADS, Workload, examples

PROGRAMS = {
    "ceiling": ["-m", "bench.ceiling"],
    "graphfold": ["-m", "graphfold", "serve", "--port", "0"],
    "handwritten": ["-m", "bench.handwritten"],
}
ON_EXAMPLES = {"graphfold": ["-m", "bench.gateway"], "handwritten": PROGRAMS["handwritten"]}
SANDBOX = ["-m", "sandbox", "--port", "0", "--marketing-delay", "0", "--shop-rate", "1000000000"]

SETTINGS = {
    "GRAPHFOLD_MAX_PAGE_SIZE": "1000",
    "GRAPHFOLD_CALL_TIMEOUT": "60",
    "GRAPHFOLD_CONNECT_TIMEOUT": "60",
}
"""A list of 1,000 is asked for, and under 32 deep queries a slow program waits for itself for many seconds."""

QUICK = Plan(rounds=1, seconds=0.01, connections=(1,))


@dataclass(frozen=True)
class Part:
    """One set of programs in front of one set of backends, measured: `calls` by load, `memory` in MiB by program."""

    workloads: list[Workload]
    results: Results
    calls: dict[str, int]
    memory: dict[str, float | None]


@dataclass(frozen=True)
class Bench:
    plan: Plan
    cores: Cores
    delay: float

    def loads(self) -> Part:
        backends = ["-m", "bench.backends", "--delay", str(self.delay)]
        return self._part(list(WORKLOADS), backends, PROGRAMS, self.plan)

    def examples(self) -> Part:
        alone = Plan(self.plan.rounds, self.plan.seconds, connections=(1,))
        return self._part(list(examples()), SANDBOX, ON_EXAMPLES, alone)

    def _part(
        self, workloads: list[Workload], backends: list[str], programs: Mapping[str, list[str]], plan: Plan
    ) -> Part:
        with self._started(backends, programs) as (behind, started), Generator(self.cores.others) as generator:
            calls = agreed(workloads, started, behind)
            results = Measuring(plan, generator, say).measure(workloads, started)
            memory = {name: program.peak() for name, program in started.items()}
        return Part(workloads, results, calls, memory)

    @contextmanager
    def _started(
        self, backends: list[str], programs: Mapping[str, list[str]]
    ) -> Iterator[tuple[Program, dict[str, Program]]]:
        say(f"starting {backends[1]}, {', '.join(programs)}")
        with ExitStack() as stack:
            behind = stack.enter_context(running(backends, core=self.cores.others))
            environment = {**fetch(f"{behind.url}/_sandbox/settings"), **SETTINGS}
            started = {
                name: stack.enter_context(running(command, core=self.cores.gateway, environment=environment))
                for name, command in programs.items()
            }
            yield behind, started


def agreed(workloads: list[Workload], programs: dict[str, Program], backends: Program) -> dict[str, int]:
    """The number of backend calls of each load, after all programs gave equal answers with equal calls."""
    for program in programs.values():
        fetch(f"{program.url}/graphql", workloads[0].about(0))  # so that tokens are there
    places = range(10_000, 100_000, 10_000)  # no two loads ask about the same customers
    calls = {load.name: check(load, programs, backends, place) for load, place in zip(workloads, places, strict=False)}
    say(f"equal answers, equal calls: {', '.join(f'{name} {count}' for name, count in calls.items())}")
    return calls


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


def report(loads: Part, asked: Part) -> str:
    """Everything measured, ratios first."""
    parts = ["graphfold against the hand-written gateway (more than 1 x: graphfold is better)"]
    parts += [tables.against("handwritten", "graphfold", loads.results, loads.workloads, loads.calls)]
    parts += ["graphfold against the ceiling (1 x: as good as it gets)"]
    parts += [tables.against("ceiling", "graphfold", loads.results, loads.workloads, loads.calls)]
    parts += ["the ceiling against the hand-written gateway"]
    parts += [tables.against("handwritten", "ceiling", loads.results, loads.workloads, loads.calls)]
    parts += ["example queries in front of the sandbox, caches emptied, graphfold against the hand-written gateway"]
    parts += [tables.against("handwritten", "graphfold", asked.results, asked.workloads, asked.calls)]
    parts += ["as measured", tables.figures(loads.results, loads.memory), tables.figures(asked.results, asked.memory)]
    return "\n\n".join(parts)


def agreement(*parts: Part) -> str:
    """What a quick run is good for: the calls on which all programs agree."""
    rows = [[load, str(calls)] for part in parts for load, calls in part.calls.items()]
    return tables.table(["load", "calls"], rows)


def machine(cores: Cores) -> str:
    bound = "gateways on a core of their own" if cores.gateway is not None else "programs not bound to cores"
    return f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {bound}"


def main() -> int:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds: do all programs agree? no useful times")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="for each program, load and round (default: 3)")
    parser.add_argument("--delay", type=float, default=0, help="seconds added to every backend call of the loads")
    options = parser.parse_args()
    cores = Cores.found()
    plan = QUICK if options.quick else Plan(options.rounds, options.seconds)
    bench = Bench(plan, cores, options.delay)
    try:
        loads, asked = bench.loads(), bench.examples()
    except (Disagreement, NotReady, LoadFailed) as error:
        say(str(error))
        return 1
    told = agreement(loads, asked) if options.quick else f"{report(loads, asked)}\n\n{machine(cores)}"
    sys.stdout.write(f"{told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
