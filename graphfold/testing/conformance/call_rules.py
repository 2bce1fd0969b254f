"""Rules about single calls: time, failures, what is sent twice, and what is told to whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx

from graphfold.errors import GraphError
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest, never_reply, reply_always
from graphfold.testing.conformance.echoing_refusals import echoing_refusals
from graphfold.testing.conformance.leak_markers import BACKEND_TEXT_MARKER, contains_secret
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.trial import BackendScript, TrialOutcome

__all__ = ["answers", "cancellation", "deadline", "failures", "probe", "secrets", "timeouts", "writes"]

LONGEST = 30.0
"""Seconds a call may take, at most."""

TWICE = 1.0
"""Seconds an operation may take that was given half as long."""

TRACED = {"graphfold-explain": "trace"}
"""Without the plan, which is made before anybody is called: no reply can be in it."""


def answers(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        if case.operation.kind == "batch":
            for key, value in subject.find_keys(case, case.keys, _by_keys(case)).items():
                if value is None or isinstance(value, BaseException):
                    yield f"{case.name}: {key!r} of the sample gives {_told(value)}"
        else:
            outcome = subject.run(case, reply_always(case.reply([])))
            if outcome.error is not None:
                yield f"{case.name}: the sample gives {_told(outcome.error)}"


def timeouts(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for how, script in (("hangs", never_reply), ("drips", _drips(case))):
            outcome = subject.run(case, script)
            if outcome.code != "BACKEND_TIMEOUT":
                yield f"{case.name}: a backend that {how} gives {_told(outcome.error)} instead of BACKEND_TIMEOUT"
            elif outcome.seconds > LONGEST:
                yield f"{case.name}: a backend that {how} is given up after {outcome.seconds:.0f} s"


def failures(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for failure, outcome in subject.run_failures(case):
            if outcome.code not in failure.codes:
                yield f"{case.name}: {failure.name} gives {_told(outcome.error)} instead of {failure.codes[0]}"
            if isinstance(outcome.error, GraphError) and outcome.error.defect:
                yield f"{case.name}: {failure.name} makes the adapter fail itself: {outcome.error.defect}"


def writes(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("write"):
        if case.operation.policy.idempotent:
            continue
        for failure, outcome in subject.run_failures(case):
            sent = len(outcome.requests)
            if sent > (2 if failure.name == "status 401" else 1):  # once more with other credentials
                yield f"{case.name} is sent {sent} times after: {failure.name}"
        if (sent := len(subject.run(case, never_reply).requests)) > 1:
            yield f"{case.name} is sent {sent} times to a backend that never_reply"


def secrets(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for refusal in echoing_refusals(case):
            outcome = subject.run(case, refusal.script, headers=TRACED)
            if BACKEND_TEXT_MARKER in outcome.answer or contains_secret(outcome.answer):
                yield f"{case.name}: what the backend says is in the answer after {refusal.name}"
            if contains_secret(outcome.logged):
                yield f"{case.name}: a credential is in the log after {refusal.name}"


def deadline(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        outcome = _in_half_a_second(subject, case)
        if outcome.seconds > TWICE:
            yield f"{case.name}: an operation of 0.5 s takes {outcome.seconds:.1f} s"
        elif outcome.late > outcome.left:  # what never ends is left behind: another rule
            yield f"{case.name}: something still runs when an operation of 0.5 s has been over for as long"


def cancellation(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        outcome = subject.run(case, never_reply, cancel=True)
        if not outcome.requests:
            yield f"{case.name}: the sample gives {_told(outcome.error)} before the backend is called"
        elif outcome.under_way or outcome.left:
            yield f"{case.name}: {outcome.under_way} calls and {outcome.left} tasks go on after it was cancelled"


def probe(subject: AdapterUnderTest) -> Iterator[str]:
    for how, script in (
        ("refuses connections", reply_always(httpx.ConnectError("refused"))),
        ("answers with status 503", reply_always(httpx.Response(503))),
        ("refuses our credentials", reply_always(httpx.Response(401))),
        ("hangs", never_reply),
    ):
        if how == "refuses our credentials" and subject.adapter.credential.caller_headers:
            continue  # it refuses nobody's: a probe has no caller
        if subject.trial.probe(script):
            yield f"a backend that {how} counts as well"


def _in_half_a_second(subject: AdapterUnderTest, case: OperationCase) -> TrialOutcome:
    """Tried three times where it is late: once it may be the machine that stalls."""
    outcome, more = subject.run(case, never_reply, seconds=TWICE / 2), 2
    while outcome.seconds > TWICE and more:
        outcome, more = subject.run(case, never_reply, seconds=TWICE / 2), more - 1
    return outcome


def _by_keys(case: OperationCase) -> BackendScript:
    """One reply for all of the sample's keys, or one for each."""

    async def script(request: httpx.Request) -> httpx.Response:
        return case.reply(case.keys if case.batched else case.asked(request, case.keys))

    return script


def _drips(case: OperationCase) -> BackendScript:
    async def script(request: httpx.Request) -> httpx.Response:
        reply = case.reply(case.keys)
        return httpx.Response(200, headers={"content-type": reply.headers["content-type"]}, stream=_Drip())

    return script


class _Drip(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(1)
            yield b" "


def _told(value: object) -> str:
    if isinstance(value, BaseException):
        internal = getattr(value, "internal", None)
        return f"{getattr(value, 'code', type(value).__name__)} ({internal or value})"
    return "an answer" if value is not None else "nothing"
