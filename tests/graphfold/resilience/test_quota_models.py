"""Quotas against simple models: tokens that drip into a pail, a window with so many calls; and headers of any kind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graphfold.resilience import Quota
from graphfold.resilience.quota import QuotaLimiter, Reservation
from graphfold.resilience.rate_limit_headers import parse_rate_limit
from graphfold.resilience.refusals import QuotaSpent

RATE, BURST = 2.0, 10
WAITS = st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0, 70.0])


class Dripping(RuleBasedStateMachine):
    """A declared quota, with pauses that the backend wants."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.meter = QuotaLimiter(Quota(RATE, burst=BURST), lambda: self.now, trust_replies=True)
        self.tokens, self.paused = float(BURST), 0.0
        self.made: list[float] = []
        self.last: Reservation | None = None

    @rule(seconds=WAITS)
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.tokens = min(self.tokens + seconds * RATE, BURST)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 60.0, 1e9]))
    def the_backend_wants_a_pause(self, seconds: float) -> None:
        self.meter.pause(seconds)
        self.paused = max(self.paused, self.now + min(seconds, 60))

    @rule(critical=st.booleans(), seconds=st.sampled_from([0.1, 1.0, 5.0]))
    def a_call_comes(self, critical: bool, seconds: float) -> None:  # drawn
        short = (1 if critical else 1 + 0.2 * BURST) - self.tokens
        pause = self.paused - self.now
        wait = max(short / RATE, pause, 0.0)
        if wait > 0.001 and (not critical or wait >= seconds):
            with pytest.raises(QuotaSpent) as refused:
                self.meter.reserve(seconds, critical=critical)
            assert refused.value.retry_after == pytest.approx(wait, abs=0.11)
            return
        self.last = self.meter.reserve(seconds, critical=critical)
        more = min(pause / 4, (seconds - pause) / 2) if pause >= short / RATE - 0.001 and pause > 0 else 0.0
        assert -0.002 <= self.last.seconds - wait <= more + 0.002
        self.tokens -= 1
        self.made.append(self.now + wait)

    @precondition(lambda self: self.last and self.tokens <= BURST - 1 and self.made[-1] > self.now)
    @rule()
    def the_last_caller_leaves(self) -> None:
        assert self.last is not None
        self.last.give_back()
        self.last = None
        self.tokens += 1
        self.made.pop()

    @invariant()
    def it_never_gives_more_than_there_is(self) -> None:
        times = sorted(self.made)
        for place, begin in enumerate(times):
            for count, end in enumerate(times[place:], 1):
                assert count <= BURST + RATE * (end - begin) + 1e-6


class Counting(RuleBasedStateMachine):
    """A backend that counts calls in windows of ten seconds, and tells; calls take no time."""

    LIMIT = 10

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.meter = QuotaLimiter(None, lambda: self.now, trust_replies=True)
        self.window, self.used = -1, 0

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 4.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(critical=st.booleans())
    def a_call_comes(self, critical: bool) -> None:  # drawn
        try:
            self.now += self.meter.reserve(5, critical=critical).seconds
        except QuotaSpent:
            assert self.now < (self.window + 1) * 10 + 1, "nothing is refused once the window has ended"
            assert self.used >= 0.8 * self.LIMIT
            return
        self._spend()

    def _spend(self) -> None:
        if int(self.now / 10) != self.window:
            self.window, self.used = int(self.now / 10), 0
        self.used += 1
        assert self.used <= self.LIMIT
        left, reset = self.LIMIT - self.used, (self.window + 1) * 10 - self.now
        self.meter.observe_headers(
            {"x-ratelimit-remaining": str(left), "x-ratelimit-reset": str(reset), "x-ratelimit-limit": "10"}
        )


for machine in (Dripping, Counting):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

TestBucket = Dripping.TestCase
TestWindow = Counting.TestCase

NAMES = ["ratelimit", *(f"{x}ratelimit-{part}" for x in ("", "x-") for part in ("remaining", "reset", "limit"))]
VALUES = st.one_of(st.text(), st.integers().map(str), st.from_regex(r"(limit|remaining|reset|r|t)=\d+[,;]?.*"))


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_headers_may_say_anything(headers: dict[str, str]) -> None:
    told = parse_rate_limit(headers)
    assert told is None or (told.remaining >= 0 and 0 <= told.seconds <= 3600)
