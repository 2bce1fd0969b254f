"""The goals of graphfold and their results, as ratios within one run on one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bench import tables
from bench.execution import Measured
from bench.firsts import Firsts
from bench.measuring import MANY, Figures
from bench.overload import TIMES, Overload
from bench.parts import Part
from bench.workloads import ANSWER_CACHED, DEEP, DELAYED, ENTITIES_CACHED, LIST, PAGE, REST_PAGE, TINY

ALONE = {TINY.name: 3, PAGE.name: 1.6, REST_PAGE.name: 1.7, LIST.name: 1.5, DEEP.name: 1.6}
"""Most time one at a time, as a multiple of the ceiling's."""

TOGETHER = {TINY.name: 0.3, PAGE.name: 0.6, REST_PAGE.name: 0.55, LIST.name: 0.7, DEEP.name: 0.6}
"""Least throughput at 32, as a share of the ceiling's."""

CACHED = {ENTITIES_CACHED.name: 1_500 / 684, ANSWER_CACHED.name: 12_000 / 684}
"""Least throughput at 32 as a multiple of what the ceiling has for the page, which never caches."""

AGAINST_BY_HAND = 10
"""How many times faster than the hand-written gateway page and deep are to be."""


@dataclass(frozen=True)
class Goal:
    """One ratio and its bound: `wanted` is the maximum of `value`, or the minimum if `least`.

    `processor` is the same ratio of the programs' processor times, which a busy machine disturbs least.
    """

    what: str
    value: float
    wanted: float
    least: bool = False
    processor: float | None = None

    @property
    def reached(self) -> bool:
        return self.value >= self.wanted if self.least else self.value <= self.wanted

    def cells(self) -> list[str]:
        wanted = f"{'>=' if self.least else '<='} {tables.short(self.wanted)}"
        return [
            self.what,
            wanted,
            tables.short(self.value),
            "yes" if self.reached else "no",
            tables.short(self.processor),
        ]


@dataclass(frozen=True)
class Outcome:
    """Everything one run of the bench measures."""

    loads: Part
    entities_cached: Part
    answers_cached: Part
    delayed: Part
    examples: Part
    shared: int
    overload: Overload
    first_answer: float
    firsts: Firsts
    execution: list[Measured]


def table(goals: Iterable[Goal]) -> str:
    return tables.table(
        ["figure", "wanted", "measured", "reached", "by processor time"], [goal.cells() for goal in goals]
    )


def goals(outcome: Outcome) -> Iterator[Goal]:
    """Yield the goals, the most important first."""
    yield from _against_ceiling(outcome.loads)
    yield from _out_of_caches(outcome)
    yield from _steadiness(outcome.loads)
    yield from _with_delay(outcome.delayed)
    yield from _against_by_hand(outcome.loads)
    yield from _overloaded(outcome.overload)
    yield from _around(outcome)
    for row in outcome.execution:
        if row.wanted is not None:
            yield Goal(f"execution alone: {row.name}", row.value, row.wanted, row.least)


def _against_ceiling(loads: Part) -> Iterator[Goal]:
    for name, most in ALONE.items():
        ours, ceiling = _both(loads, name, 1)
        more = _more_work(ours, ceiling)
        yield Goal(f"{name}: time / ceiling, 1 at a time", ours.p50 / ceiling.p50, most, processor=more)
    for name, least in TOGETHER.items():
        ours, ceiling = _both(loads, name, MANY)
        share, work = ours.rate / ceiling.rate, _more_work(ceiling, ours)
        yield Goal(f"{name}: throughput / ceiling, {MANY} at a time", share, least, least=True, processor=work)


def _out_of_caches(outcome: Outcome) -> Iterator[Goal]:
    ceiling = outcome.loads.results[PAGE.name, "ceiling", MANY]
    results = outcome.entities_cached.results | outcome.answers_cached.results
    for name, least in CACHED.items():
        ours = results[name, "graphfold", MANY]
        what = f"{name}: throughput / the uncached ceiling, {MANY} at a time"
        yield Goal(what, ours.rate / ceiling.rate, least, least=True, processor=_more_work(ceiling, ours))


def _steadiness(loads: Part) -> Iterator[Goal]:
    for name in (PAGE.name, DEEP.name):
        ours, ceiling = _both(loads, name, MANY)
        title = f"{name}: p99 / p50, {MANY} at a time (ceiling {tables.short(ceiling.p99 / ceiling.p50)})"
        yield Goal(title, ours.p99 / ours.p50, 2)


def _with_delay(delayed: Part) -> Iterator[Goal]:
    ours, ceiling = _both(delayed, DELAYED.name, 1)
    yield Goal(f"{DELAYED.name}: time / ceiling, 1 at a time", ours.p50 / ceiling.p50, 1.06)


def _against_by_hand(loads: Part) -> Iterator[Goal]:
    for name in (PAGE.name, DEEP.name):
        ours, other = _both(loads, name, 1, "handwritten")
        what, more = f"{name}: hand-written time / time, 1 at a time", _more_work(other, ours)
        yield Goal(what, other.p50 / ours.p50, AGAINST_BY_HAND, least=True, processor=more)


def _overloaded(overload: Overload) -> Iterator[Goal]:
    yield Goal(
        f"page: answers a second at {TIMES} times the load / at {MANY} at a time", overload.kept, 0.9, least=True
    )
    yield Goal(
        f"page: until the excess of {TIMES} times the load is refused, ms at the median", overload.refusal_p50, 50
    )


def _around(outcome: Outcome) -> Iterator[Goal]:
    memory = outcome.loads.memory
    ours, ceiling = memory["graphfold"], memory["ceiling"]
    if ours and ceiling:
        yield Goal("peak memory / ceiling", ours / ceiling, 1.5)
    yield Goal("start to first answer, s", outcome.first_answer, 0.8)
    yield Goal("document seen first / parse and validate of graphql-core", outcome.firsts.ratio, 1.3)
    yield Goal(f"backend calls of {MANY} equal pages at once", outcome.shared, outcome.loads.calls[PAGE.name])


def _both(part: Part, load: str, connections: int, other: str = "ceiling") -> tuple[Figures, Figures]:
    return part.results[load, "graphfold", connections], part.results[load, other, connections]


def _more_work(one: Figures, other: Figures) -> float | None:
    """Return the ratio of processor time per query between two programs; None where the system does not report it."""
    return one.cpu / other.cpu if one.cpu and other.cpu else None
