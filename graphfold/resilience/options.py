"""The options that an adapter declares for trouble with its backend. The defaults fit most backends."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from graphfold.mistakes import Mistake, author_location, reject_unknown_options

__all__ = ["Breaker", "OperationOptions", "Quota", "Resilience"]

_SHARE = "a share above 0, at most 1 (0.5 is half)"
_SECONDS = "a number of seconds above 0"


def _whole(value: object, least: int, most: int = 1_000_000) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _within(value: object, most: float) -> bool:
    """Return whether it is a number above zero and up to `most`, which neither a text nor NaN is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def _check(kind: str, name: str, value: object, valid: bool, wanted: str) -> None:
    if not valid:
        raise Mistake(
            author_location(),
            f"{kind}: {name}={value!r} is not valid",
            why="it decides when the backend is called and when calls to it are paused.",
            fix=f"write {wanted}, or leave {name} out for its default.",
        )


@reject_unknown_options
@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When the circuit breaker opens: too many of the last calls failed, or were slow.

    `failures` and `slow` are shares (0.5 is half) of the calls of the last `window` seconds; they count once there are
    `calls` of them. A call is slow from `slow_after` seconds on, by default from four fifths of its timeout. A call
    that its caller gives up counts as slow earlier: after ten times the usual latency, and at least a second. After
    `wait` seconds one call is let through as a probe.
    """

    failures: float = 0.5
    slow: float = 0.8
    slow_after: float | None = None
    calls: int = 20
    window: float = 10.0
    wait: float = 5.0

    def __post_init__(self) -> None:
        _check("Breaker", "failures", self.failures, _within(self.failures, 1), _SHARE)
        _check("Breaker", "slow", self.slow, _within(self.slow, 1), _SHARE)
        valid = self.slow_after is None or _within(self.slow_after, inf)
        _check("Breaker", "slow_after", self.slow_after, valid, _SECONDS)
        _check("Breaker", "calls", self.calls, _whole(self.calls, 1), "a whole number from 1")
        _check("Breaker", "window", self.window, _within(self.window, 3600), _SECONDS)
        _check("Breaker", "wait", self.wait, _within(self.wait, 3600), _SECONDS)


@reject_unknown_options
@dataclass(frozen=True, slots=True)
class Quota:
    """How often this process may call the backend: `rate` calls in `per` seconds, `burst` of them at once.

    `burst` is by default the calls of one second, at least one.
    """

    rate: float
    per: float = 1.0
    burst: int | None = None

    def __post_init__(self) -> None:
        _check("Quota", "rate", self.rate, _within(self.rate, 1_000_000), "a number of calls above 0")
        _check("Quota", "per", self.per, _within(self.per, 86_400), _SECONDS)
        _check("Quota", "burst", self.burst, self.burst is None or _whole(self.burst, 1), "a whole number from 1")


@reject_unknown_options
@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """How calls to one backend are retried and limited.

    `retries` is the most repetitions of one call that may be repeated; `breaker=None` means no circuit breaker;
    `parallel` is the most calls at once from this process, `queue` the most calls that wait for a slot; `quota` is what
    the backend allows.
    """

    retries: int = 2
    breaker: Breaker | None = Breaker()
    parallel: int = 32
    queue: int = 1000
    quota: Quota | None = None

    def __post_init__(self) -> None:
        _check("Resilience", "retries", self.retries, _whole(self.retries, 0, 10), "a whole number from 0 to 10")
        _check("Resilience", "parallel", self.parallel, _whole(self.parallel, 1), "a whole number from 1")
        _check("Resilience", "queue", self.queue, _whole(self.queue, 0), "a whole number from 0")
        valid = self.breaker is None or isinstance(self.breaker, Breaker)
        _check("Resilience", "breaker", self.breaker, valid, "Breaker(...) with its brackets, or None")
        valid = self.quota is None or isinstance(self.quota, Quota)
        _check("Resilience", "quota", self.quota, valid, "Quota(...) with its brackets, or None")


@dataclass(frozen=True, slots=True)
class OperationOptions:
    """What one backend operation declares.

    Operations of the same `group` share a circuit breaker; `hedge` allows a second attempt while the first is slow; one
    that is not `critical` is the first to be refused when a quota runs short.
    """

    group: str = ""
    hedge: bool = False
    critical: bool = True
