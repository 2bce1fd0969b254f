"""The circuit breaker and the retry budget against simple models that keep every call in a list."""

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


def in_window(times: list[float], now: float) -> int:
    """Return how many times are in the ten slices, of a second each, that end with the current one."""
    return sum(math.floor(time) > math.floor(now) - 10 for time in times)


@dataclass
class InFlight:
    """A call in flight."""

    ticket: int
    generation: int
    probe: bool


@dataclass
class Counted:
    """The calls that counted since the breaker last changed its state."""

    all: list[float] = field(default_factory=list)
    failed: list[float] = field(default_factory=list)
    slow: list[float] = field(default_factory=list)


class BreakerMachine(RuleBasedStateMachine):
    """Calls begin and end in any order; the model tracks which of them count."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = CircuitBreaker(LIMITS, 5.0)
        self.now, self.generation, self.opened = 0.0, 0, math.inf
        self.closed, self.ended = True, Counted()
        self.in_flight: list[InFlight] = []

    @property
    def probing(self) -> bool:
        return any(call.probe and call.generation == self.generation for call in self.in_flight)

    @rule(seconds=WAITS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def begin_call(self) -> None:
        allowed = self.closed or (not self.probing and self.now >= self.opened + LIMITS.wait)
        assert (self.breaker.retry_after(self.now) == 0) == allowed
        if allowed:
            self.in_flight.append(InFlight(self.breaker.begin(), self.generation, not self.closed))

    @precondition(lambda self: self.in_flight)
    @rule(
        data=st.data(),
        outcome=st.sampled_from(Outcome),
        seconds=st.sampled_from([0.1, 0.9, 1.0, 1.5, 1.9, 2.0, 4.0]),
        usual=st.sampled_from([0.0, 0.05, 0.15, 0.19, 1.0]),
    )
    def end_call(self, data: st.DataObject, outcome: Outcome, seconds: float, usual: float) -> None:
        call = self.in_flight.pop(data.draw(st.integers(0, len(self.in_flight) - 1)))
        self.breaker.end(call.ticket, outcome, seconds, self.now, usual)
        failed, abandoned = outcome is Outcome.FAILURE, outcome is Outcome.ABANDONED
        slow = seconds >= 2.0 or (abandoned and seconds >= 1.0 and seconds >= 10 * usual)
        if call.generation != self.generation or ((abandoned or outcome is Outcome.NEUTRAL) and not slow):
            return
        if call.probe:
            self.turn(closed=not failed and not slow)
            return
        self.ended.all.append(self.now)
        self.ended.failed += [self.now] * failed
        self.ended.slow += [self.now] * slow
        if (failed or slow) and self.exceeds_limits():
            self.turn(closed=False)

    def exceeds_limits(self) -> bool:
        calls, failures, slow = (in_window(times, self.now) for times in vars(self.ended).values())
        return calls >= LIMITS.calls and (failures / calls >= LIMITS.failures or slow / calls >= LIMITS.slow)

    def turn(self, *, closed: bool) -> None:
        self.closed, self.opened, self.ended = closed, self.now, Counted()
        self.generation += 1

    @invariant()
    def states_agree(self) -> None:
        state = self.breaker.snapshot(self.now)
        assert (state["state"] == "closed") == self.closed
        assert state["calls"] == in_window(self.ended.all, self.now)

    @invariant()
    def at_most_one_probe(self) -> None:
        assert sum(call.probe and call.generation == self.generation for call in self.in_flight) <= 1


class BudgetMachine(RuleBasedStateMachine):
    """Calls, and retries where the budget allows them."""

    def __init__(self) -> None:
        super().__init__()
        self.budget, self.now = RetryBudget(), 0.0
        self.calls: list[float] = []
        self.retries: list[float] = []

    @rule(seconds=WAITS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(count=st.integers(1, 40))
    def make_calls(self, count: int) -> None:
        for _ in range(count):
            self.budget.record_attempt(self.now)
        self.calls += [self.now] * count

    @rule()
    def retry_one(self) -> None:
        allowed = in_window(self.retries, self.now) < max(in_window(self.calls, self.now) // 10, 3)
        assert self.budget.spend(self.now) == allowed
        if allowed:
            self.budget.record_attempt(self.now)
            self.retries.append(self.now)


for machine in (BreakerMachine, BudgetMachine):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

TestBreaker = BreakerMachine.TestCase
TestBudget = BudgetMachine.TestCase
