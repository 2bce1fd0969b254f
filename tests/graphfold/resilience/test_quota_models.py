"""Quotas against simple models: a token bucket, a window with a number of calls, and headers with any values."""

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


class BucketMachine(RuleBasedStateMachine):
    """A declared quota, with pauses that the backend asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.limiter = QuotaLimiter(Quota(RATE, burst=BURST), lambda: self.now, trust_replies=True)
        self.tokens, self.paused = float(BURST), 0.0
        self.made: list[float] = []
        self.last: Reservation | None = None

    @rule(seconds=WAITS)
    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.tokens = min(self.tokens + seconds * RATE, BURST)

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 60.0, 1e9]))
    def ask_for_a_pause(self, seconds: float) -> None:
        self.limiter.pause(seconds)
        self.paused = max(self.paused, self.now + min(seconds, 60))

    @rule(critical=st.booleans(), seconds=st.sampled_from([0.1, 1.0, 5.0]))
    def reserve_call(self, critical: bool, seconds: float) -> None:  # drawn
        short = (1 if critical else 1 + 0.2 * BURST) - self.tokens
        pause = self.paused - self.now
        wait = max(short / RATE, pause, 0.0)
        if wait > 0.001 and (not critical or wait >= seconds):
            with pytest.raises(QuotaSpent) as refused:
                self.limiter.reserve(seconds, critical=critical)
            assert refused.value.retry_after == pytest.approx(wait, abs=0.11)
            return
        self.last = self.limiter.reserve(seconds, critical=critical)
        more = min(pause / 4, (seconds - pause) / 2) if pause >= short / RATE - 0.001 and pause > 0 else 0.0
        assert -0.002 <= self.last.seconds - wait <= more + 0.002
        self.tokens -= 1
        self.made.append(self.now + wait)

    @precondition(lambda self: self.last and self.tokens <= BURST - 1 and self.made[-1] > self.now)
    @rule()
    def cancel_last_call(self) -> None:
        assert self.last is not None
        self.last.give_back()
        self.last = None
        self.tokens += 1
        self.made.pop()

    @invariant()
    def calls_never_exceed_the_quota(self) -> None:
        times = sorted(self.made)
        for first, begin in enumerate(times):
            for count, end in enumerate(times[first:], 1):
                assert count <= BURST + RATE * (end - begin) + 1e-6


class WindowMachine(RuleBasedStateMachine):
    """A backend that counts calls in windows of ten seconds and announces them; calls take no time."""

    LIMIT = 10

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.limiter = QuotaLimiter(None, lambda: self.now, trust_replies=True)
        self.window, self.used = -1, 0

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 4.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @rule(critical=st.booleans())
    def reserve_call(self, critical: bool) -> None:  # drawn
        try:
            self.now += self.limiter.reserve(5, critical=critical).seconds
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
        self.limiter.observe_headers(
            {"x-ratelimit-remaining": str(left), "x-ratelimit-reset": str(reset), "x-ratelimit-limit": "10"}
        )


for machine in (BucketMachine, WindowMachine):
    machine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

TestBucket = BucketMachine.TestCase
TestWindow = WindowMachine.TestCase

NAMES = ["ratelimit", *(f"{x}ratelimit-{part}" for x in ("", "x-") for part in ("remaining", "reset", "limit"))]
VALUES = st.one_of(st.text(), st.integers().map(str), st.from_regex(r"(limit|remaining|reset|r|t)=\d+[,;]?.*"))


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_header_values_parse_to_a_sane_limit_or_none(headers: dict[str, str]) -> None:
    limit = parse_rate_limit(headers)
    assert limit is None or (limit.remaining >= 0 and 0 <= limit.seconds <= 3600)
