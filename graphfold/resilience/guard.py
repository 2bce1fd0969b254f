"""All that stands between the calls of one backend and its client, with its state: one for a backend and a process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from graphfold.deadline import exceeded, remaining, within
from graphfold.errors import GraphError
from graphfold.resilience.budget import Budget
from graphfold.resilience.circuit import Circuit, NoCircuit, Outcome
from graphfold.resilience.declaration import Resilience
from graphfold.resilience.hedge import first_of_two
from graphfold.resilience.latency import Latency
from graphfold.resilience.meter import Meter
from graphfold.resilience.places import Places
from graphfold.resilience.refusals import CircuitOpen, QueueFull, QuotaSpent
from graphfold.resilience.retry import backoff, jitter, repeated
from graphfold.resilience.verdicts import may_pass, outcome_of, pause_of

__all__ = ["Attempt", "Guard", "Rule"]

T = TypeVar("T")

Attempt = Callable[[float], Awaitable[T]]
"""One try of a call, which may take so many seconds: it sends, and judges the reply, where failures become errors.
The client signs each try anew: a nonce is good for one.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one operation declares. `group`: whose breaker it shares; `critical`: not the first to go without."""

    group: str = ""
    hedge: bool = False
    critical: bool = True


@dataclass(slots=True)
class _Lane:
    """One operation with its state. `usual` is the latency of those calls alone that were answered: while a backend
    hangs, it does not become usual that it does.
    """

    name: str
    rule: Rule
    circuit: Circuit | NoCircuit
    latency: Latency = field(default_factory=Latency)
    usual: Latency = field(default_factory=Latency)

    def note(self, ticket: int, outcome: Outcome, seconds: float, now: float) -> None:
        """What came of a call, `seconds` after it began."""
        well = outcome is Outcome.WELL
        self.circuit.end(ticket, outcome, seconds, now, self.usual.p95 or 0.0)
        self.latency.note(seconds, complete=well)
        if well:
            self.usual.note(seconds)


LEAST = 0.05
"""Seconds: with less left there is no next try. It would hardly end in time, and the backend would be blamed for that.
"""


class Guard:
    """`timeout` is what one call may take with its repetitions, in seconds; a wait on our side begins it anew. `rules`
    are its operations' by name.

    `shared`: whether all calls are made as one and the same caller, so that a quota told to one of them is everybody's.
    Its clock is that of the loop it is made in, as it is of all that waits.
    """

    def __init__(
        self,
        backend: str,
        declared: Resilience,
        timeout: float,
        rules: Mapping[str, Rule],
        *,
        shared: bool = False,
    ) -> None:
        self._backend, self._timeout = backend, timeout
        self._clock = asyncio.get_running_loop().time
        self._retries, self._breaker = declared.retries, declared.breaker
        self._places, self._budget = Places(declared.parallel, declared.queue), Budget()
        self.meter = Meter(declared.quota, self._clock, believes=shared)
        self._circuits: dict[str, Circuit | NoCircuit] = {}
        self._plain = self._lane("", Rule())  # for calls outside of any operation
        self._lanes = {name: self._lane(name, rule) for name, rule in rules.items()}

    async def run(self, operation: str | None, attempt: Attempt[T], *, repeatable: bool) -> T:
        """What `attempt` gives, made again where that is allowed and may help. Raises its last error, or a refusal."""
        lane = self._lanes.get(operation or "", self._plain)
        until = self._clock() + self._timeout
        try:
            return await self._admitted(lane, attempt, until, hedge=lane.rule.hedge and repeatable)
        except GraphError as error:
            delay = partial(self._delay, lane, until)
            seconds = delay(error, 0) if repeatable else None
            if seconds is None:
                raise
            failure = error
        again = partial(self._admitted, lane, attempt, until)
        return await repeated(failure, seconds, again, delay, f"{self._backend}.{lane.name}")

    def resent(self) -> None:
        """A call that is under way was sent again, with fresh credentials: that is one more for budget and quota."""
        self._budget.sent(self._clock())
        self.meter.take()

    def spare(self) -> bool:
        """Whether something may be asked for once more, by the retry budget; if so it is taken."""
        return self._budget.take(self._clock())

    def snapshot(self) -> dict[str, Any]:
        """The state as JSON: no address, no secret, nothing of any caller."""
        now, places = self._clock(), self._places
        return {
            "places": {"used": places.used, "of": places.limit, "waiting": places.waiting},
            "retriesLeft": self._budget.left(now),
            "breakers": {name or "default": circuit.snapshot(now) for name, circuit in self._circuits.items()},
            "quota": self.meter.snapshot(),
            "p95": {name: round(p95, 6) for name, lane in self._lanes.items() if (p95 := lane.latency.p95) is not None},
        }

    def _hedged(self, lane: _Lane, attempt: Attempt[T], until: float, seconds: float) -> Awaitable[T]:
        """A try that goes out now; once it has taken so long, another one beside it, which has to be admitted, too."""
        first, second = (partial(way, lane, attempt, until) for way in (self._observed, self._admitted))
        return first_of_two(first, second, seconds, partial(self._may_hedge, lane))

    def _may_hedge(self, lane: _Lane) -> bool:
        """Only where it takes nothing from others: it need not wait, the backend is well, and the budget allows it."""
        room = self._places.used < self._places.limit and not self.meter.wait(critical=False)
        return room and lane.circuit.closed and self._budget.take(self._clock())

    async def _admitted(self, lane: _Lane, attempt: Attempt[T], until: float, *, hedge: bool = False) -> T:
        """One try, once nothing is in its way. Who has to be refused is refused before anything else.

        What had to wait has its time from then on: that we were busy is not the backend's fault.
        """
        if not lane.circuit.closed:
            self._check(lane.circuit)
        if not self._places.enter():
            until = await self._turn(until)
        try:
            if self.meter.active:
                until = await self._pace(lane, until)
            if hedge and lane.latency.p95 is not None:
                return await self._hedged(lane, attempt, until, lane.latency.p95)
            return await self._observed(lane, attempt, until)
        finally:
            self._places.leave()

    async def _turn(self, until: float) -> float:
        """Wait for a place, no longer than a call may take, nor than the operation has left. Returns the new end."""
        most = until - self._clock()
        limit = within(most)
        try:
            await self._places.wait(limit)
        except TimeoutError:
            if limit < most:
                raise exceeded("while the call waited for its turn") from None
            raise QueueFull(f"{self._places.limit} calls at once, none of which ended in {limit:.3g} s") from None
        return self._clock() + self._timeout

    async def _pace(self, lane: _Lane, until: float) -> float:
        """Wait until the quota allows the call, its place kept: so those who wait are bounded. Returns the new end."""
        reserved = self.meter.reserve(within(until - self._clock()), critical=lane.rule.critical)
        if not reserved.seconds:
            return until
        try:
            await asyncio.sleep(reserved.seconds)
            self.meter.confirm()
        except (asyncio.CancelledError, QuotaSpent):
            reserved.give_back()
            raise
        return self._clock() + self._timeout

    def _check(self, circuit: Circuit | NoCircuit) -> None:
        if seconds := circuit.wait(self._clock()):
            raise CircuitOpen(seconds)

    async def _observed(self, lane: _Lane, attempt: Attempt[T], until: float) -> T:
        """The try itself, and what is learned from it. While it waited, others may have found the backend ill."""
        if not lane.circuit.closed:
            self._check(lane.circuit)
        start, outcome, ticket = self._clock(), Outcome.CUT, lane.circuit.begin()
        self._budget.sent(start)
        try:
            answer = await attempt(until - start)
            outcome = Outcome.WELL
        except GraphError as error:
            outcome = outcome_of(error)
            if seconds := pause_of(error):
                self.meter.pause(seconds)
            raise
        finally:
            now = self._clock()
            lane.note(ticket, outcome, now - start, now)
        return answer

    def _delay(self, lane: _Lane, until: float, error: GraphError, repetitions: int) -> float | None:
        """Seconds until the next try; None where there is none left, no time, no budget, or no hope."""
        if repetitions >= self._retries or not may_pass(error):
            return None
        now, pause = self._clock(), error.retry_after or 0.0
        seconds = pause + backoff(repetitions)
        room = remaining(until - now) - LEAST - seconds
        if room < 0 or lane.circuit.wait(now) or not self._budget.take(now):
            return None
        return seconds + jitter(pause, room)

    def _lane(self, name: str, rule: Rule) -> _Lane:
        if rule.group not in self._circuits:
            self._circuits[rule.group] = Circuit(self._breaker, self._timeout) if self._breaker else NoCircuit()
        return _Lane(name, rule, self._circuits[rule.group])
