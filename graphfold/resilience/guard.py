"""The guard of one backend: it decides whether a call goes out, when, and how often.

    run --> breaker --> bulkhead --> quota --> attempt --> result
     ^      (refuse     (queue or    (wait or     |
     |      at once)     refuse)      refuse)     | error: recorded by the breaker and the latency statistics
     +---------------- backoff <------------------+ retryable, and there are retries, budget and time left

With `hedge`, a second attempt goes through the same checks once the first one is slower than 19 of 20 calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from graphfold.deadline import cap_to_deadline, deadline_exceeded, timeout_within_deadline
from graphfold.errors import GraphError
from graphfold.observer import NO_OBSERVERS, BreakerEvent, BreakerState, Observers, QuotaEvent, notify
from graphfold.resilience.bulkhead import Bulkhead
from graphfold.resilience.circuit_breaker import CircuitBreaker, NoCircuitBreaker
from graphfold.resilience.hedge import first_success
from graphfold.resilience.latency import Latency
from graphfold.resilience.options import OperationOptions, Resilience
from graphfold.resilience.outcomes import Outcome, is_retryable, outcome_of, requested_pause
from graphfold.resilience.quota import QuotaLimiter
from graphfold.resilience.refusals import CircuitOpen, QueueFull, QuotaSpent
from graphfold.resilience.retry import backoff, jitter, retry
from graphfold.resilience.retry_budget import RetryBudget

__all__ = ["Attempt", "Guard"]

T = TypeVar("T")

Attempt = Callable[[float], Awaitable[T]]
"""One attempt of a call, which may take so many seconds: it sends the call and turns a failed reply into an error. The
client signs each attempt anew, since a nonce is good for one only.
"""

MIN_RETRY_TIME = 0.05
"""With fewer seconds left there is no retry: it would hardly end in time, and its timeout would count against the
backend.
"""


@dataclass(slots=True)
class _OperationState:
    """One backend operation with its breaker and latencies.

    `latency` covers all calls, `success_latency` only those that succeeded: it must not rise while the backend hangs.
    """

    name: str
    options: OperationOptions
    breaker: CircuitBreaker | NoCircuitBreaker
    latency: Latency = field(default_factory=Latency)
    success_latency: Latency = field(default_factory=Latency)

    def record(self, ticket: int, outcome: Outcome, seconds: float, now: float) -> None:
        """Record how an attempt ended, `seconds` after it began."""
        success = outcome is Outcome.SUCCESS
        self.breaker.end(ticket, outcome, seconds, now, self.success_latency.p95 or 0.0)
        self.latency.record(seconds, complete=success)
        if success:
            self.success_latency.record(seconds)


class Guard:
    """The state that all calls to one backend share in this process.

    `timeout` is the time of one call with its retries, in seconds; it begins anew after a wait on our side.
    `operations` are the options of the backend's operations by name. `shared` says that all calls are made as the same
    caller, so that a quota announced to one of them holds for all. Create it in the event loop whose clock it is to
    use.
    """

    def __init__(
        self,
        backend: str,
        declared: Resilience,
        timeout: float,
        operations: Mapping[str, OperationOptions],
        *,
        shared: bool = False,
        observers: Observers = NO_OBSERVERS,
    ) -> None:
        self._backend, self._timeout, self._observers = backend, timeout, observers
        self._clock = asyncio.get_running_loop().time
        self._retries, self._breaker = declared.retries, declared.breaker
        self._bulkhead, self._budget = Bulkhead(declared.parallel, declared.queue), RetryBudget()
        announced = self._notify_quota if observers.quota_changed else None
        self.quota = QuotaLimiter(declared.quota, self._clock, trust_replies=shared, on_change=announced)
        self._breakers: dict[str, CircuitBreaker | NoCircuitBreaker] = {}
        self._no_operation = self._state("", OperationOptions())  # for calls outside of any operation
        self._operations = {name: self._state(name, options) for name, options in operations.items()}

    async def run(self, operation: str | None, attempt: Attempt[T], *, repeatable: bool) -> T:
        """Return what `attempt` returns, retried where the call is `repeatable` and a retry may help.

        Raise the last attempt's error, or a refusal where no attempt may be made.
        """
        state = self._operations.get(operation or "", self._no_operation)
        end = self._clock() + self._timeout
        try:
            return await self._admitted(state, attempt, end, hedge=state.options.hedge and repeatable)
        except GraphError as error:
            next_delay = partial(self._retry_delay, state, end)
            seconds = next_delay(error, 0) if repeatable else None
            if seconds is None:
                raise
            # Kept under another name, since Python deletes `error` at the end of the block. Retrying inside it would
            # make this error the context of every later one.
            failure = error
        again = partial(self._admitted, state, attempt, end)
        return await retry(failure, seconds, again, next_delay, f"{self._backend}.{state.name}")

    def record_resend(self) -> None:
        """Count a call that was sent again with fresh credentials, within one attempt, for budget and quota."""
        self._budget.record_attempt(self._clock())
        self.quota.take()

    def spend_retry(self) -> bool:
        """Take one retry from the budget. Return whether there was one."""
        return self._budget.spend(self._clock())

    def snapshot(self) -> dict[str, Any]:
        """Return the state as JSON, without addresses, secrets or anything about a caller."""
        now, bulkhead = self._clock(), self._bulkhead
        latencies = {name: state.latency.p95 for name, state in self._operations.items()}
        return {
            "places": {"used": bulkhead.active, "of": bulkhead.limit, "waiting": bulkhead.waiting},
            "retriesLeft": self._budget.remaining(now),
            "breakers": {name or "default": breaker.snapshot(now) for name, breaker in self._breakers.items()},
            "quota": self.quota.snapshot(),
            "p95": {name: round(p95, 6) for name, p95 in latencies.items() if p95 is not None},
        }

    async def _admitted(self, state: _OperationState, attempt: Attempt[T], end: float, *, hedge: bool = False) -> T:
        """Make one attempt, or a hedged pair, once breaker, bulkhead and quota let it go.

        A refusal comes before any wait. After a wait the attempt has the whole timeout: the wait was on our side, so it
        must not make the backend look slow.
        """
        if not state.breaker.closed:
            self._check(state.breaker)
        if not self._bulkhead.try_acquire():
            end = await self._wait_for_slot(end)
        try:
            if self.quota.active:
                end = await self._wait_for_quota(state, end)
            if hedge and state.latency.p95 is not None:
                # The first attempt has been admitted here; the second has to pass breaker, bulkhead and quota itself.
                first, second = (partial(way, state, attempt, end) for way in (self._recorded, self._admitted))
                return await first_success(first, second, state.latency.p95, partial(self._may_hedge, state))
            return await self._recorded(state, attempt, end)
        finally:
            self._bulkhead.release()

    def _may_hedge(self, state: _OperationState) -> bool:
        """Return whether a second attempt takes nothing from other calls; if so it is taken from the budget."""
        free = self._bulkhead.active < self._bulkhead.limit and not self.quota.wait(critical=False)
        return free and state.breaker.closed and self._budget.spend(self._clock())

    async def _wait_for_slot(self, end: float) -> float:
        """Wait for a slot of the bulkhead within the call's and the operation's time. Return the call's new end."""
        call_time = end - self._clock()
        limit = timeout_within_deadline(call_time)
        try:
            await self._bulkhead.acquire(limit)
        except TimeoutError:
            if limit < call_time:
                raise deadline_exceeded("while the call waited for its turn") from None
            raise QueueFull(f"{self._bulkhead.limit} calls at once, none of which ended in {limit:.3g} s") from None
        return self._clock() + self._timeout

    async def _wait_for_quota(self, state: _OperationState, end: float) -> float:
        """Wait until the quota allows the call. Return its new end.

        The call keeps its slot of the bulkhead meanwhile, which bounds the number of calls that wait here.
        """
        time_left = timeout_within_deadline(end - self._clock())
        reservation = self.quota.reserve(time_left, critical=state.options.critical)
        if not reservation.seconds:
            return end
        try:
            await asyncio.sleep(reservation.seconds)
            self.quota.confirm()
        except (asyncio.CancelledError, QuotaSpent):
            reservation.give_back()
            raise
        return self._clock() + self._timeout

    def _check(self, breaker: CircuitBreaker | NoCircuitBreaker) -> None:
        if seconds := breaker.retry_after(self._clock()):
            raise CircuitOpen(seconds)

    async def _recorded(self, state: _OperationState, attempt: Attempt[T], end: float) -> T:
        """Make the attempt and record its outcome.

        The breaker is checked again: other calls may have opened it while this one waited.
        """
        if not state.breaker.closed:
            self._check(state.breaker)
        start, outcome, ticket = self._clock(), Outcome.ABANDONED, state.breaker.begin()
        self._budget.record_attempt(start)
        try:
            result = await attempt(end - start)
            outcome = Outcome.SUCCESS
        except GraphError as error:
            outcome = outcome_of(error)
            if seconds := requested_pause(error):
                self.quota.pause(seconds)
            raise
        finally:
            now = self._clock()
            state.record(ticket, outcome, now - start, now)
        return result

    def _retry_delay(self, state: _OperationState, end: float, error: GraphError, retries: int) -> float | None:
        """Return the seconds until the next retry; None where there is none left, no time, no budget, or no hope."""
        if retries >= self._retries or not is_retryable(error):
            return None
        now, pause = self._clock(), error.retry_after or 0.0
        seconds = pause + backoff(retries)
        spare = cap_to_deadline(end - now) - MIN_RETRY_TIME - seconds
        if spare < 0 or state.breaker.retry_after(now) or not self._budget.spend(now):
            return None
        return seconds + jitter(pause, spare)

    def _state(self, name: str, options: OperationOptions) -> _OperationState:
        if options.group not in self._breakers:
            changed = partial(self._notify_breaker, options.group) if self._observers.breaker_changed else None
            breaker = CircuitBreaker(self._breaker, self._timeout, changed) if self._breaker else NoCircuitBreaker()
            self._breakers[options.group] = breaker
        return _OperationState(name, options, self._breakers[options.group])

    def _notify_breaker(self, group: str, state: BreakerState) -> None:
        notify(self._observers.breaker_changed, BreakerEvent(self._backend, group, state))

    def _notify_quota(self, limit: int | None, left: int | None, paused: float | None) -> None:
        notify(self._observers.quota_changed, QuotaEvent(self._backend, limit, left, paused))
