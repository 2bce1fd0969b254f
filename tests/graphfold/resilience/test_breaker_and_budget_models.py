"""Breaker and budget against simple models that keep everything in lists, over any order of calls and times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graphfold.resilience import Breaker
from graphfold.resilience.circuit_breaker import CircuitBreaker
from graphfold.resilience.outcomes import Outcome
from graphfold.resilience.retry_budget import RetryBudget

WINDOW = 10.0
LIMITS = Breaker(failures=0.5, slow=0.8, slow_after=2.0, calls=4, window=WINDOW, wait=5.0)
WAITS = st.integers(0, 30).map(lambda tenths: tenths / 2)


def lately(times: list[float], now: float) -> int:
    """How many of them are in the ten slices, of a second each, that end with this one."""
    return sum(math.floor(time) > math.floor(now) - 10 for time in times)


@dataclass
class Sent:
    """A call that is under way."""

    ticket: int
    generation: int
    probe: bool


@dataclass
class Ended:
    """The calls that counted since the circuit last changed."""

    all: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)


class Breaking(RuleBasedStateMachine):
    """Calls come and go in any order; the model knows which of them counts."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = CircuitBreaker(LIMITS, 5.0)
        self.now, self.generation, self.opened = 0.0, 0, math.inf
        self.closed, self.ended = True, Ended()
        self.under_way: list[Sent] = []

    @property
    def probing(self) -> bool:
        return any(sent.probe and sent.generation == self.generation for sent in self.under_way)

    @rule(seconds=WAITS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_call_comes(self) -> None:
        may = self.closed or (not self.probing and self.now >= self.opened + LIMITS.wait)
        assert (self.circuit.retry_after(self.now) == 0) == may
        if may:
            self.under_way.append(Sent(self.circuit.begin(), self.generation, not self.closed))

    @precondition(lambda self: self.under_way)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(Outcome),
        seconds=st.sampled_from([0.1, 0.9, 1.0, 1.5, 1.9, 2.0, 4.0]),
        usual=st.sampled_from([0.0, 0.05, 0.15, 0.19, 1.0]),
    )
    def a_call_ends(self, data: st.DataObject, outcome: Outcome, seconds: float, usual: float) -> None:
        sent = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.circuit.end(sent.ticket, outcome, seconds, self.now, usual)
        ill, cut = outcome is Outcome.FAILURE, outcome is Outcome.ABANDONED
        slow = seconds >= 2.0 or (cut and seconds >= 1.0 and seconds >= 10 * usual)
        if sent.generation != self.generation or ((cut or outcome is Outcome.NEUTRAL) and not slow):
            return
        if sent.probe:
            self.turn(closed=not ill and not slow)
            return
        self.ended.all.append(self.now)
        self.ended.failed += [self.now] * ill
        self.ended.slow += [self.now] * slow
        if (ill or slow) and self.is_too_much():
            self.turn(closed=False)

    def is_too_much(self) -> bool:
        calls, failed, slow = (lately(times, self.now) for times in vars(self.ended).values())
        return calls >= LIMITS.calls and (failed / calls >= LIMITS.failures or slow / calls >= LIMITS.slow)

    def turn(self, *, closed: bool) -> None:
        self.closed, self.opened, self.ended = closed, self.now, Ended()
        self.generation += 1

    @invariant()
    def they_agree(self) -> None:
        told = self.circuit.snapshot(self.now)
        assert (told["state"] == "closed") == self.closed
        assert told["calls"] == lately(self.ended.all, self.now)

    @invariant()
    def there_is_at_most_one_probe(self) -> None:
        assert sum(sent.probe and sent.generation == self.generation for sent in self.under_way) <= 1


class Spending(RuleBasedStateMachine):
    """Calls, and more of them where the budget allows."""

    def __init__(self) -> None:
        super().__init__()
        self.budget, self.now = RetryBudget(), 0.0
        self.first: list[float] = []
        self.more: list[float] = []

    @rule(seconds=WAITS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(count=st.integers(1, 40))
    def calls_are_made(self, count: int) -> None:
        for _ in range(count):
            self.budget.record_attempt(self.now)
        self.first += [self.now] * count

    @rule()
    def one_more_is_wanted(self) -> None:
        may = lately(self.more, self.now) < max(lately(self.first, self.now) // 10, 3)
        assert self.budget.spend(self.now) == may
        if may:
            self.budget.record_attempt(self.now)
            self.more.append(self.now)


for machine in (Breaking, Spending):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

TestBreaker = Breaking.TestCase
TestBudget = Spending.TestCase
