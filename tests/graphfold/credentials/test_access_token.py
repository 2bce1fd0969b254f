"""The lifetime of an access token against a model of its times, and what concurrent callers share."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from graphfold.credentials.access_token import AccessToken, Issued
from graphfold.errors import BackendBusy, BackendCredentials, BackendUnavailable, GraphError

SKEW, PAUSE = 30.0, 1.0
QUIET_SECONDS = {"30 s": 30.0, "an hour": 60.0, "some time": PAUSE}
"""The seconds without a request after a 429, by its retry-after."""
BUSY = {"30 s": 30.0, "an hour": 3600.0, "some time": None}


class TokenEndpoint:
    """A token endpoint that issues t1, t2 ... unless `failure` is set."""

    def __init__(self) -> None:
        self.now, self.lifetime, self.requests = 0.0, 3600.0, 0
        self.failure: type[GraphError] | None = None
        self.busy = "30 s"
        self.token = AccessToken(self.issue, lambda: self.now, SKEW)

    async def issue(self) -> Issued:
        self.requests += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure("no", retry_after=BUSY[self.busy])
        return Issued(f"t{self.requests}", self.lifetime)


class TokenMachine(RuleBasedStateMachine):
    """A model of the token: its text, the times of renewal and expiry, and until when no request is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.endpoint, self.loop = TokenEndpoint(), asyncio.Runner()
        self.text: str | None = None
        self.renew_at = self.ends_at = self.quiet_until = self.refused_until = 0.0

    def teardown(self) -> None:
        self.loop.close()

    @rule(seconds=st.floats(0, 5000) | st.sampled_from([0.5, 1.0, 29.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.endpoint.now += seconds

    @rule(lifetime=st.sampled_from([0.0, 1.0, 45.0, 60.0, 3600.0]))
    def tokens_live_for(self, lifetime: float) -> None:
        self.endpoint.lifetime = lifetime

    @rule(
        failure=st.sampled_from([None, None, BackendUnavailable, BackendCredentials, BackendBusy]),
        busy=st.sampled_from(list(BUSY)),
    )
    def endpoint_fails_with(self, failure: type[GraphError] | None, busy: str) -> None:
        self.endpoint.failure, self.endpoint.busy = failure, busy

    @rule()
    def call(self) -> None:
        now, before = self.endpoint.now, self.endpoint.requests
        token = self.get_token()
        if self.text is not None and now < self.renew_at:
            assert (token, self.endpoint.requests) == (self.text, before)
        else:
            self.check_renewal(token, before, keeps=self.text is not None and now < self.ends_at)
            if token == f"t{before + 1}":
                self.refused_until = 0.0

    @precondition(lambda self: self.text is not None)
    @rule()
    def backend_refuses_token(self) -> None:
        before = self.endpoint.requests
        token = self.get_token(refused=self.text)
        if self.quiet_until <= self.endpoint.now < self.refused_until:
            assert (token, self.endpoint.requests) == (self.text, before)
            return
        self.check_renewal(token, before, keeps=False)
        self.refused_until = self.endpoint.now + PAUSE if self.endpoint.requests > before else 0.0

    @invariant()
    def current_token_matches_model(self) -> None:
        good = self.text is not None and self.endpoint.now < self.renew_at
        assert self.endpoint.token.current() == (self.text if good else None)

    def get_token(self, refused: str | None = None) -> str | None:
        """Return the token that three concurrent callers get."""

        async def one() -> str | None:
            text = self.endpoint.token.current() if refused is None else None
            try:
                return text or await self.endpoint.token.next(refused)
            except GraphError:
                return None

        async def three() -> list[str | None]:
            return list(await asyncio.gather(one(), one(), one()))

        tokens = self.loop.run(three())
        assert len(set(tokens)) == 1
        return tokens[0]

    def check_renewal(self, token: str | None, before: int, *, keeps: bool) -> None:
        now, failure = self.endpoint.now, self.endpoint.failure
        if now < self.quiet_until:
            assert (token, self.endpoint.requests) == (None, before)
            self.text = None
            return
        assert self.endpoint.requests == before + 1
        if failure is None:
            self.text, self.ends_at = token, now + self.endpoint.lifetime
            self.renew_at = now + max(self.endpoint.lifetime - SKEW, self.endpoint.lifetime / 2)
            assert token == f"t{self.endpoint.requests}"
            return
        if failure is BackendBusy:
            self.quiet_until = now + QUIET_SECONDS[self.endpoint.busy]
        if keeps:
            assert token == self.text
            self.renew_at = min(max(now + PAUSE, self.quiet_until), self.ends_at)
            return
        assert token is None
        self.text = None
        if failure is BackendCredentials:
            self.quiet_until = now + PAUSE


TestTokenLifetime = TokenMachine.TestCase
TestTokenLifetime.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.anyio
async def test_cancelled_caller_leaves_token_request_to_waiters() -> None:
    server, arrived, go_on = TokenEndpoint(), asyncio.Event(), asyncio.Event()
    issue = server.issue

    async def slow() -> Issued:
        arrived.set()
        await go_on.wait()
        return await issue()

    token = AccessToken(slow, lambda: server.now, SKEW)
    waiting: list[asyncio.Task[Any]] = [asyncio.create_task(token.next()) for _ in range(3)]
    await arrived.wait()
    waiting[0].cancel()
    go_on.set()
    assert await asyncio.gather(*waiting[1:]) == ["t1", "t1"]
    assert waiting[0].cancelled()
