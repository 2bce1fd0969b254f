"""Measure how many answers remain under ten times the load that can be answered."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from statistics import median

import msgspec

from bench.flood import Flood, Tide
from bench.load import Job
from bench.measuring import MANY, Generator, Plan, Say
from bench.programs import ROOT, Cores, Program, pinned
from bench.workloads import PAGE

TIMES = 10


@dataclass(frozen=True)
class Overload:
    """Medians of all rounds. `kept`: answers a second under tenfold load relative to normal load; others in ms."""

    kept: float
    answer_p50: float
    refusal_p50: float


def overload(gateway: Program, plan: Plan, cores: Cores, say: Say) -> Overload:
    """Alternate load and overload, so that changes in the machine's speed affect both."""
    place, kept, tides = 1_000_000, list[float](), list[Tide]()
    with Generator(cores.others) as generator:
        for number in range(plan.rounds):
            say(f"round {number + 1} of {plan.rounds}: {TIMES} times the load")
            url, body = f"{gateway.url}/graphql", PAGE.body.decode()
            calm = generator.run(Job(url, body, PAGE.span, place, MANY, plan.seconds))
            place += calm.requests * PAGE.span
            tide = _flood(Flood(url, body, PAGE.span, place, TIMES * calm.rate, 3 * plan.seconds), cores)
            place += tide.sent * PAGE.span
            kept.append(tide.answered / calm.rate)
            tides.append(tide)
    answers, refusals = ([getattr(tide, name) for tide in tides] for name in ("answer_p50", "refusal_p50"))
    return Overload(median(kept), median(answers), median(refusals))


def _flood(job: Flood, cores: Cores) -> Tide:
    command = [*pinned(cores.others), sys.executable, "-m", "bench.flood"]
    done = subprocess.run(command, cwd=ROOT, check=True, input=msgspec.json.encode(job), stdout=subprocess.PIPE)
    return msgspec.json.decode(done.stdout, type=Tide)
