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
ASKED_FOR = {"30 s": 30.0, "an hour": 60.0, "some time": PAUSE}
"""How long there is no request after 429, by what that says."""
BUSY = {"30 s": 30.0, "an hour": 3600.0, "some time": None}


class Server:
    """Issues t1, t2 ... unless it is told to fail."""

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


class Life(RuleBasedStateMachine):
    """The model: the text that is good, from when another is asked for, when it ends, until when all is quiet."""

    def __init__(self) -> None:
        super().__init__()
        self.it, self.loop = Server(), asyncio.Runner()
        self.text: str | None = None
        self.renew_at = self.ends_at = self.quiet_until = self.in_vain_until = 0.0

    def teardown(self) -> None:
        self.loop.close()

    @rule(seconds=st.floats(0, 5000) | st.sampled_from([0.5, 1.0, 29.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.it.now += seconds

    @rule(lifetime=st.sampled_from([0.0, 1.0, 45.0, 60.0, 3600.0]))
    def tokens_live_for(self, lifetime: float) -> None:
        self.it.lifetime = lifetime

    @rule(
        failure=st.sampled_from([None, None, BackendUnavailable, BackendCredentials, BackendBusy]),
        busy=st.sampled_from(list(BUSY)),
    )
    def the_server_is(self, failure: type[GraphError] | None, busy: str) -> None:
        self.it.failure, self.it.busy = failure, busy

    @rule()
    def somebody_calls(self) -> None:
        now, before = self.it.now, self.it.requests
        told = self.asked()
        if self.text is not None and now < self.renew_at:
            assert (told, self.it.requests) == (self.text, before)
        else:
            self.renewed(told, before, keeps=self.text is not None and now < self.ends_at)
            if told == f"t{before + 1}":
                self.in_vain_until = 0.0

    @precondition(lambda self: self.text is not None)
    @rule()
    def the_backend_refuses_it(self) -> None:
        before = self.it.requests
        told = self.asked(refused=self.text)
        if self.quiet_until <= self.it.now < self.in_vain_until:
            assert (told, self.it.requests) == (self.text, before)
            return
        self.renewed(told, before, keeps=False)
        self.in_vain_until = self.it.now + PAUSE if self.it.requests > before else 0.0

    @invariant()
    def what_is_at_hand_is_what_the_model_says(self) -> None:
        good = self.text is not None and self.it.now < self.renew_at
        assert self.it.token.current() == (self.text if good else None)

    def asked(self, refused: str | None = None) -> str | None:
        """Three at once: they get the same."""

        async def one() -> str | None:
            text = self.it.token.current() if refused is None else None
            try:
                return text or await self.it.token.next(refused)
            except GraphError:
                return None

        async def three() -> list[str | None]:
            return list(await asyncio.gather(one(), one(), one()))

        told = self.loop.run(three())
        assert len(set(told)) == 1
        return told[0]

    def renewed(self, told: str | None, before: int, *, keeps: bool) -> None:
        now, failure = self.it.now, self.it.failure
        if now < self.quiet_until:
            assert (told, self.it.requests) == (None, before)
            self.text = None
            return
        assert self.it.requests == before + 1
        if failure is None:
            self.text, self.ends_at = told, now + self.it.lifetime
            self.renew_at = now + max(self.it.lifetime - SKEW, self.it.lifetime / 2)
            assert told == f"t{self.it.requests}"
            return
        if failure is BackendBusy:
            self.quiet_until = now + ASKED_FOR[self.it.busy]
        if keeps:
            assert told == self.text
            self.renew_at = min(max(now + PAUSE, self.quiet_until), self.ends_at)
            return
        assert told is None
        self.text = None
        if failure is BackendCredentials:
            self.quiet_until = now + PAUSE


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.mark.anyio
async def test_cancelled_caller_leaves_token_request_to_waiters() -> None:
    server, arrived, go_on = Server(), asyncio.Event(), asyncio.Event()
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
