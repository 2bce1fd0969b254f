"""What an adapter may declare about trouble with its backend. The defaults are meant to be left alone."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from graphfold.mistakes import Mistake, here, spelled

__all__ = ["Breaker", "Quota", "Resilience"]

_SHARE = "a share above 0, at most 1 (0.5 is half)"
_SECONDS = "a number of seconds above 0"


def _whole(value: object, least: int, most: int = 1_000_000) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _within(value: object, most: float) -> bool:
    """Whether it is a number up to `most`; neither a text nor NaN is."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most


def _check(kind: str, name: str, value: object, fits: bool, wanted: str) -> None:
    if not fits:
        raise Mistake(
            here(),
            f"{kind}: {name}={value!r} cannot be",
            why="it decides when a backend is called, and when it is left alone.",
            fix=f"write {wanted}, or leave {name} out for its default.",
        )


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """When a backend is left alone for a while: too many of the last calls failed, or were slow.

    `failures` and `slow` are shares of the calls of the last `window` seconds (0.5 is half of them), looked at once
    there are `calls` of them. A call is slow from `slow_after` seconds on; by default from four fifths of its timeout.
    One that is given up is so sooner: after a second, and ten times what is usual. After `wait` seconds one call is
    let through to see.
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
        fits = self.slow_after is None or _within(self.slow_after, inf)
        _check("Breaker", "slow_after", self.slow_after, fits, _SECONDS)
        _check("Breaker", "calls", self.calls, _whole(self.calls, 1), "a whole number from 1")
        _check("Breaker", "window", self.window, _within(self.window, 3600), _SECONDS)
        _check("Breaker", "wait", self.wait, _within(self.wait, 3600), _SECONDS)


@spelled
@dataclass(frozen=True, slots=True)
class Quota:
    """How often the backend may be called by this process: `rate` calls in `per` seconds, `burst` of them at once.

    `burst` is by default what comes together in a second, at least one.
    """

    rate: float
    per: float = 1.0
    burst: int | None = None

    def __post_init__(self) -> None:
        _check("Quota", "rate", self.rate, _within(self.rate, 1_000_000), "a number of calls above 0")
        _check("Quota", "per", self.per, _within(self.per, 86_400), _SECONDS)
        _check("Quota", "burst", self.burst, self.burst is None or _whole(self.burst, 1), "a whole number from 1")


@spelled
@dataclass(frozen=True, slots=True, kw_only=True)
class Resilience:
    """What is done about trouble with one backend.

    `retries`: most repetitions of one call that may be repeated. `breaker`: None for none. `parallel`: most calls at
    once from this process; `queue`: how many more may wait for their turn. `quota`: what the backend allows us.
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
        fits = self.breaker is None or isinstance(self.breaker, Breaker)
        _check("Resilience", "breaker", self.breaker, fits, "Breaker(...) with its brackets, or None")
        fits = self.quota is None or isinstance(self.quota, Quota)
        _check("Resilience", "quota", self.quota, fits, "Quota(...) with its brackets, or None")
