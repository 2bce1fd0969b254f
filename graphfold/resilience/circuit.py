"""The circuit breaker: a backend that fails too often, or is too slow, is left alone until one call finds it well."""

from __future__ import annotations

from enum import Enum
from typing import Any

from graphfold.resilience.declaration import Breaker
from graphfold.resilience.tally import Tally

__all__ = ["Circuit", "NoCircuit", "Outcome"]

_PROBE_PATIENCE = 1.0
"""Seconds that callers are told to wait while a probe is under way: when it ends is not known."""


_LONG = 10
"""Times what is usual, and at least a second: who has waited for so long has found out that the backend hangs."""


class Outcome(Enum):
    """What a call says about its backend's health. NOTHING: it was refused for a quota, say. CUT: it was given up.

    That a call took long counts all the same, or a backend that hangs would be found well by all who have little time.
    """

    WELL = "well"
    ILL = "ill"
    NOTHING = "nothing"
    CUT = "cut"


class Circuit:
    """One for each backend and group of operations. `timeout` is that of a call, in seconds.

    For each call: `wait` tells whether it may go, `begin` that it goes, `end` what came of it. Calls that began before
    the circuit last changed tell nothing about now: their tickets are void.
    """

    __slots__ = ("_breaker", "_calls", "_due", "_failures", "_probing", "_slow", "_slow_after", "_ticket", "closed")

    def __init__(self, breaker: Breaker, timeout: float) -> None:
        self._breaker, self._slow_after = breaker, breaker.slow_after or 0.8 * timeout
        self._calls, self._failures, self._slow = (Tally(breaker.window) for _ in range(3))
        self.closed, self._probing, self._due, self._ticket = True, False, 0.0, 0

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking again; 0 when a call may go."""
        if self.closed:
            return 0.0
        return _PROBE_PATIENCE if self._probing else max(self._due - now, 0.0)

    def begin(self) -> int:
        """A call that may go, goes: the first one through an open circuit is the probe, and it alone."""
        self._probing = not self.closed
        return self._ticket

    def end(self, ticket: int, outcome: Outcome, seconds: float, now: float, usual: float = 0.0) -> None:
        """What came of the call with this ticket, `seconds` after it began. `usual`: what such a call takes at most."""
        if ticket != self._ticket:
            return
        slow = seconds >= self._slow_after or (outcome is Outcome.CUT and seconds >= max(_LONG * usual, 1.0))
        if outcome in (Outcome.NOTHING, Outcome.CUT) and not slow:
            self._probing = False
            return
        if self._probing:
            self._turn(closed=outcome is Outcome.WELL and not slow, now=now)
            return
        self._calls.add(now)
        if slow or outcome is Outcome.ILL:
            self._count(outcome, slow=slow, now=now)

    def snapshot(self, now: float) -> dict[str, Any]:
        """How it is now, and the calls of its window."""
        state = "closed" if self.closed else "half-open" if self._probing or self._due <= now else "open"
        counted = {"calls": self._calls, "failures": self._failures, "slow": self._slow}
        return {"state": state, **{name: tally.count(now) for name, tally in counted.items()}}

    def _count(self, outcome: Outcome, *, slow: bool, now: float) -> None:
        if slow:
            self._slow.add(now)
        if outcome is Outcome.ILL:
            self._failures.add(now)
        calls, limits = self._calls.count(now), self._breaker
        if calls >= limits.calls and (
            self._failures.count(now) >= limits.failures * calls or self._slow.count(now) >= limits.slow * calls
        ):
            self._turn(closed=False, now=now)

    def _turn(self, *, closed: bool, now: float) -> None:
        """Open it, again too, or close it; either way the past no longer counts."""
        self.closed, self._probing, self._due = closed, False, now + self._breaker.wait
        self._ticket += 1
        for tally in (self._calls, self._failures, self._slow):
            tally.clear()


class NoCircuit:
    """Where there is no breaker: every call may go, and nothing is counted."""

    __slots__ = ()
    closed = True

    def wait(self, _now: float) -> float:
        return 0.0

    def begin(self) -> int:
        return 0

    def end(self, ticket: int, outcome: Outcome, seconds: float, now: float, usual: float = 0.0) -> None:
        """What came of a call tells nobody anything."""

    def snapshot(self, _now: float) -> dict[str, Any]:
        return {"state": "off"}
