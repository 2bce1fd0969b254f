"""The circuit breaker: stop calls to a backend that fails too often, or is too slow, until a probe succeeds.

too many failures or slow calls              `wait` seconds are over: the next call is the probe
+--------+ ----------------------> +------+ -------------------------------> +-----------+
| closed |                         | open |                                  | half-open |
+--------+                         +------+ <------------------------------- +-----------+
^                                             the probe fails or is slow       |
+------------------------------------------------------------------------------+
the probe succeeds
"""

from __future__ import annotations

from collections.abc import Callable

from graphfold.observer import BreakerState
from graphfold.resilience.options import Breaker
from graphfold.resilience.outcomes import Outcome
from graphfold.resilience.sliding_counter import SlidingCounter

__all__ = ["CircuitBreaker", "NoCircuitBreaker"]

_PROBE_RETRY_AFTER = 1.0
"""Seconds after which callers may come back while a probe is in flight: when it will end is unknown."""

_HANG_FACTOR = 10
"""An abandoned call counts as slow after so many times the usual latency, and at least a second: the backend hangs."""


class CircuitBreaker:
    """The breaker of one backend, or of one group of its operations. `timeout` is that of a call, in seconds.

    For each call: ask `retry_after` whether it may go out, `begin` it, and `end` it with the ticket that `begin`
    returned. Each change of state makes the tickets before it void, since calls that began earlier say nothing about
    the backend's health now. `on_change` hears each new state.
    """

    __slots__ = (
        "_breaker",
        "_calls",
        "_failures",
        "_on_change",
        "_probe_at",
        "_probing",
        "_slow",
        "_slow_after",
        "_ticket",
        "closed",
    )

    def __init__(
        self, breaker: Breaker, timeout: float, on_change: Callable[[BreakerState], None] | None = None
    ) -> None:
        self._on_change = on_change
        self._breaker, self._slow_after = breaker, breaker.slow_after or 0.8 * timeout
        self._calls, self._failures, self._slow = (SlidingCounter(breaker.window) for _ in range(3))
        self.closed, self._probing, self._probe_at, self._ticket = True, False, 0.0, 0

    def retry_after(self, now: float) -> float:
        """Return the seconds until a call may be let through; 0 when one may go now."""
        if self.closed:
            return 0.0
        return _PROBE_RETRY_AFTER if self._probing else max(self._probe_at - now, 0.0)

    def begin(self) -> int:
        """Let a call through and return its ticket. The first one through an open breaker is the only probe."""
        if not self.closed:
            self._probing = True
            if self._on_change is not None:
                self._on_change("half-open")
        return self._ticket

    def end(self, ticket: int, outcome: Outcome, seconds: float, now: float, usual: float = 0.0) -> None:
        """Record how the call with this ticket ended, `seconds` after it began. `usual` is the 95th percentile."""
        if ticket != self._ticket:
            return
        slow = seconds >= self._slow_after or (
            outcome is Outcome.ABANDONED and seconds >= max(_HANG_FACTOR * usual, 1.0)
        )
        if outcome in (Outcome.NEUTRAL, Outcome.ABANDONED) and not slow:
            self._probing = False  # a probe without a result: the next call may be the probe
            return
        if self._probing:
            self._change(closed=outcome is Outcome.SUCCESS and not slow, now=now)
            return
        self._calls.add(now)
        if slow or outcome is Outcome.FAILURE:
            self._count(outcome, slow=slow, now=now)

    def snapshot(self, now: float) -> dict[str, str | int]:
        """Return the state, and the calls of its window, as JSON."""
        state = "closed" if self.closed else "half-open" if self._probing or self._probe_at <= now else "open"
        return {
            "state": state,
            "calls": self._calls.count(now),
            "failures": self._failures.count(now),
            "slow": self._slow.count(now),
        }

    def _count(self, outcome: Outcome, *, slow: bool, now: float) -> None:
        """Count a call that was slow or failed, and open the breaker where there are too many of them."""
        if slow:
            self._slow.add(now)
        if outcome is Outcome.FAILURE:
            self._failures.add(now)
        calls, limits = self._calls.count(now), self._breaker
        if calls >= limits.calls and (
            self._failures.count(now) >= limits.failures * calls or self._slow.count(now) >= limits.slow * calls
        ):
            self._change(closed=False, now=now)

    def _change(self, *, closed: bool, now: float) -> None:
        """Close the breaker, or open it (again): either way earlier calls no longer count."""
        self.closed, self._probing, self._probe_at = closed, False, now + self._breaker.wait
        self._ticket += 1
        for counter in (self._calls, self._failures, self._slow):
            counter.clear()
        if self._on_change is not None:
            self._on_change("closed" if closed else "open")


class NoCircuitBreaker:
    """The stand-in where an adapter declares `breaker=None`: every call may go and nothing is counted."""

    __slots__ = ()
    closed = True

    def retry_after(self, _now: float) -> float:
        return 0.0

    def begin(self) -> int:
        return 0

    def end(self, ticket: int, outcome: Outcome, seconds: float, now: float, usual: float = 0.0) -> None:
        pass

    def snapshot(self, _now: float) -> dict[str, str | int]:
        return {"state": "off"}
