"""`python -m bench`: checks that the programs agree, measures them, prints ratios. Progress goes to stderr."""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys

from bench import goals, tables
from bench.agreement import Disagreement
from bench.goals import Outcome
from bench.measuring import LoadFailed, Plan
from bench.parts import Bench
from bench.programs import Cores, NotReady

QUICK = Plan(rounds=1, seconds=0.01, connections=(1,))


def measure(bench: Bench) -> Outcome:
    return Outcome(
        loads=bench.loads(),
        entities_cached=bench.entities_cached(),
        answers_cached=bench.answers_cached(),
        delayed=bench.delayed(),
        examples=bench.examples(),
        shared=bench.shared(),
        overload=bench.overload(),
        first_answer=bench.first_answer(),
        firsts=bench.firsts(),
        execution=bench.execution(),
    )


def report(outcome: Outcome) -> str:
    """Return the whole report: goals first, then ratios and figures."""
    loads, examples = outcome.loads, outcome.examples
    parts = ["wanted and measured", goals.table(goals.goals(outcome))]
    parts += ["graphfold against the hand-written gateway (more than 1 x: graphfold is better)"]
    parts += [tables.against("handwritten", "graphfold", loads.results, loads.workloads, loads.calls)]
    parts += ["graphfold against the ceiling (1 x: as good as it gets)"]
    parts += [tables.against("ceiling", "graphfold", loads.results, loads.workloads, loads.calls)]
    parts += ["the ceiling against the hand-written gateway"]
    parts += [tables.against("handwritten", "ceiling", loads.results, loads.workloads, loads.calls)]
    parts += ["example queries in front of the sandbox, caches emptied, graphfold against the hand-written gateway"]
    parts += [tables.against("handwritten", "graphfold", examples.results, examples.workloads, examples.calls)]
    parts += ["as measured"]
    measured = loads, outcome.entities_cached, outcome.answers_cached, outcome.delayed, examples
    parts += [tables.figures(part.results, part.memory) for part in measured]
    return "\n\n".join(parts)


def agreement(bench: Bench) -> str:
    """Return the report of a quick run: the calls on which all programs agree."""
    parts = bench.loads(), bench.examples()
    rows = [[load, str(calls)] for part in parts for load, calls in part.calls.items()]
    return tables.table(["load", "calls"], rows)


def machine(cores: Cores) -> str:
    bound = "gateways on a core of their own" if cores.gateway is not None else "programs not bound to cores"
    return f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {bound}"


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds: do all programs agree? no times")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="for each program, load and round (default: 3)")
    options = parser.parse_args()
    cores = Cores.found()
    bench = Bench(QUICK if options.quick else Plan(options.rounds, options.seconds), cores, say)
    try:
        output = agreement(bench) if options.quick else f"{report(measure(bench))}\n\n{machine(cores)}"
    except (Disagreement, NotReady, LoadFailed, subprocess.CalledProcessError) as error:
        say(str(error))
        return 1
    sys.stdout.write(f"{output}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
