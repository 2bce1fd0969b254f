"""An adapter under test: its operations with their samples, and the ways to ask them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx

from graphfold.adapter.base import Adapter
from graphfold.loading.backend_operations import BackendOperation
from graphfold.loading.keys import Keys
from graphfold.testing.conformance.failure_scenarios import FailureScenario, failure_scenarios
from graphfold.testing.conformance.sample import InsufficientSample, OperationCase, Sample
from graphfold.testing.conformance.trial import BackendScript, OperationCall, Trial, TrialOutcome

__all__ = ["AdapterUnderTest", "Rule", "never_reply", "reply_always"]


class AdapterUnderTest:
    """What a rule gets."""

    def __init__(self, adapter: type[Adapter], samples: Mapping[str, Sample]) -> None:
        self.adapter, self._samples = adapter, samples
        self._cases: dict[str, OperationCase] = {}
        self._failed: dict[str, list[tuple[FailureScenario, TrialOutcome]]] = {}

    @cached_property
    def trial(self) -> Trial:
        return Trial(self.adapter)

    def cases(self, *kinds: str) -> Iterator[OperationCase]:
        """The operations of these kinds (of all, without any), each with its sample. Raises `InsufficientSample`."""
        for operation in self.adapter.operations():
            if not kinds or operation.kind in kinds:
                yield self._case(operation)

    def run(self, case: OperationCase, script: BackendScript, **how: Any) -> TrialOutcome:
        """Ask for what the sample is about: for the first key, of a batch."""
        return self.trial.run(question(case), script, beside=case.sample.beside, **how)

    def run_failures(self, case: OperationCase) -> list[tuple[FailureScenario, TrialOutcome]]:
        """What comes of each class of failure, found out once for all rules that want to know it."""
        if case.operation.name not in self._failed:
            tried = [(failure, self.run(case, reply_always(failure.reply))) for failure in failure_scenarios(case)]
            self._failed[case.operation.name] = tried
        return self._failed[case.operation.name]

    def find_keys(self, case: OperationCase, keys: Sequence[Any], script: BackendScript) -> dict[Any, Any]:
        """What `find` gives for each of the keys, an error as a value."""

        async def found(adapter: Any) -> list[Any]:
            finds = (batch(case, adapter).find(key, **case.sample.arguments) for key in keys)
            return await asyncio.gather(*finds, return_exceptions=True)

        outcome = self.trial.run(found, script, beside=case.sample.beside)
        return dict(zip(keys, outcome.value, strict=True))

    def read_reply(self, case: OperationCase, reply: httpx.Response) -> TrialOutcome:
        """What the adapter's own function makes of a reply, before it enters the graph."""
        operation = case.operation

        async def read(adapter: Any) -> Any:
            given = [Keys(case.keys, lambda row: row.shape.on_demand)] if operation.kind == "batch" else []
            calling = adapter.calling(operation.name, whole=True)
            return await operation.function(calling, *given, **case.sample.arguments)

        return self.trial.run(read, reply_always(reply), beside=case.sample.beside)

    def _case(self, operation: BackendOperation) -> OperationCase:
        if operation.name not in self._cases:
            self._cases[operation.name] = OperationCase(self.adapter, operation, self._sample(operation))
        return self._cases[operation.name]

    def _sample(self, operation: BackendOperation) -> Sample:
        sample, name = self._samples.get(operation.name), f"{self.adapter.name}.{operation.name}"
        if sample is None:
            more = "keys=[...], " if operation.kind == "batch" else "arguments={...}, "
            raise InsufficientSample(
                f"{name} has no sample; add samples={{{operation.name!r}: Sample({more}reply=...)}}"
            )
        if operation.kind == "batch" and not sample.keys:
            raise InsufficientSample(
                f"{name}: the sample of a batch needs the keys it answers: Sample(keys=[...], reply=...)"
            )
        return sample


Rule = Callable[[AdapterUnderTest], Iterator[str]]
"""Gives one text for each thing that is not as it should be."""


def question(case: OperationCase) -> OperationCall:
    def asked(adapter: Any) -> Awaitable[Any]:
        given = case.sample.arguments
        if case.operation.kind == "batch":
            awaited: Awaitable[Any] = batch(case, adapter).load(case.keys[0], **given)
            return awaited
        called: Awaitable[Any] = getattr(adapter, case.operation.name)(**given)
        return called

    return asked


def batch(case: OperationCase, adapter: Any) -> Any:
    """With every OnDemand field: no query says which are wanted."""
    return getattr(adapter, case.operation.name).whole


def reply_always(reply: httpx.Response | Exception) -> BackendScript:
    """The same reply to every request."""

    async def script(request: httpx.Request) -> httpx.Response:
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    return script


async def never_reply(request: httpx.Request) -> httpx.Response:
    """No reply, ever."""
    await asyncio.Event().wait()
    raise AssertionError
