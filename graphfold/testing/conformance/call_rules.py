"""Rules about single calls: time limits, failures, writes that are sent twice, and leaks of secrets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx

from graphfold.errors import GraphError
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest, never_reply, reply_always
from graphfold.testing.conformance.echoing_refusals import echoing_refusals
from graphfold.testing.conformance.leak_markers import BACKEND_TEXT_MARKER, contains_secret
from graphfold.testing.conformance.sample import OperationCase
from graphfold.testing.conformance.trial import BackendScript, TrialOutcome, describe

__all__ = ["answers", "cancellation", "deadline", "failures", "probe", "secrets", "timeouts", "writes"]

LONGEST_CALL = 30.0
"""Seconds that a call may take."""

DEADLINE, LATEST_END = 0.5, 1.0
"""Seconds that an operation is given, and within which it has to end."""

TRACED = {"graphfold-explain": "trace"}
"""Only the trace: the plan is made before any backend is called, so it cannot hold a reply."""


def answers(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        if case.operation.kind == "batch":
            for key, value in subject.find_keys(case, case.keys, _replies_by_key(case)).items():
                if value is None or isinstance(value, BaseException):
                    yield f"{case.name}: {key!r} of the sample gives {describe(value)}"
        else:
            outcome = subject.run(case, reply_always(case.reply([])))
            if outcome.error is not None:
                yield f"{case.name}: the sample gives {describe(outcome.error)}"


def timeouts(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for how, script in (("hangs", never_reply), ("drips", _drips(case))):
            outcome = subject.run(case, script)
            if outcome.code != "BACKEND_TIMEOUT":
                yield f"{case.name}: a backend that {how} gives {describe(outcome.error)} instead of BACKEND_TIMEOUT"
            elif outcome.seconds > LONGEST_CALL:
                yield f"{case.name}: a backend that {how} is given up after {outcome.seconds:.0f} s"


def failures(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for failure, outcome in subject.run_failures(case):
            if outcome.code not in failure.codes:
                yield f"{case.name}: {failure.name} gives {describe(outcome.error)} instead of {failure.codes[0]}"
            if isinstance(outcome.error, GraphError) and outcome.error.defect:
                yield f"{case.name}: {failure.name} makes the adapter fail itself: {outcome.error.defect}"


def writes(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases("write"):
        if case.operation.policy.idempotent:
            continue
        for failure, outcome in subject.run_failures(case):
            sent = len(outcome.requests)
            if sent > (2 if failure.name == "status 401" else 1):  # once more with renewed credentials
                yield f"{case.name} is sent {sent} times after: {failure.name}"
        if (sent := len(subject.run(case, never_reply).requests)) > 1:
            yield f"{case.name} is sent {sent} times to a backend that hangs"


def secrets(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        for refusal in echoing_refusals(case):
            outcome = subject.run(case, refusal.script, headers=TRACED)
            if BACKEND_TEXT_MARKER in outcome.answer or contains_secret(outcome.answer):
                yield f"{case.name}: the backend's own text is in the answer after {refusal.name}"
            if contains_secret(outcome.logged):
                yield f"{case.name}: a credential is in the log after {refusal.name}"


def deadline(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        outcome = _run_to_deadline(subject, case)
        if outcome.seconds > LATEST_END:
            yield f"{case.name}: an operation with a deadline of {DEADLINE} s takes {outcome.seconds:.1f} s"
        elif outcome.late > outcome.left:  # tasks that never end are for the rule `cancellation`
            yield f"{case.name}: something still runs half a second after an operation with a deadline has ended"


def cancellation(subject: AdapterUnderTest) -> Iterator[str]:
    for case in subject.cases():
        outcome = subject.run(case, never_reply, cancel=True)
        if not outcome.requests:
            yield f"{case.name}: the sample gives {describe(outcome.error)} before the backend is called"
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
            continue  # the credentials are the caller's, and a probe has no caller
        if subject.trial.probe(script):
            yield f"a backend that {how} counts as well"


def _run_to_deadline(subject: AdapterUnderTest, case: OperationCase) -> TrialOutcome:
    """Run into the deadline, up to three times while the end is late: computing counts, and a machine may stall."""
    outcome = subject.run(case, never_reply, seconds=DEADLINE)
    for _ in range(2):
        if outcome.seconds <= LATEST_END:
            break
        outcome = subject.run(case, never_reply, seconds=DEADLINE)
    return outcome


def _replies_by_key(case: OperationCase) -> BackendScript:
    """Return a script that replies with the whole sample, or where a call is for one key with that key's entry."""

    async def script(request: httpx.Request) -> httpx.Response:
        return case.reply(case.keys if case.batched else case.requested_keys(request, case.keys))

    return script


def _drips(case: OperationCase) -> BackendScript:
    """Return a script that replies with a body of one byte a second, without end."""

    async def script(request: httpx.Request) -> httpx.Response:
        media_type = case.reply(case.keys).headers["content-type"]
        return httpx.Response(200, headers={"content-type": media_type}, stream=_EndlessDrip())

    return script


class _EndlessDrip(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(1)
            yield b" "
