"""The adapter that a suite is about: its operations with their samples, and ways to run them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import httpx

from graphfold.adapter.base import Adapter
from graphfold.loading.keys import Keys
from graphfold.testing.conformance.failure_scenarios import FailureScenario, failure_scenarios
from graphfold.testing.conformance.sample import InsufficientSample, OperationCase, Sample
from graphfold.testing.conformance.trial import BackendScript, Trial, TrialOutcome

__all__ = ["AdapterUnderTest", "Rule", "never_reply", "reply_always"]


class AdapterUnderTest:
    """The argument of every rule. Results that several rules look at are computed once."""

    def __init__(self, adapter: type[Adapter], samples: Mapping[str, Sample]) -> None:
        self.adapter, self._samples = adapter, samples
        self._cases: dict[str, OperationCase] = {}
        self._failures: dict[str, list[tuple[FailureScenario, TrialOutcome]]] = {}

    @cached_property
    def trial(self) -> Trial:
        return Trial(self.adapter)

    def cases(self, *kinds: str) -> Iterator[OperationCase]:
        """Yield the operations of these kinds, or all, with their samples. Raise `InsufficientSample` without one."""
        for operation in self.adapter.operations():
            if not kinds or operation.kind in kinds:
                if operation.name not in self._cases:
                    sample = self._sample(operation.name, operation.kind)
                    self._cases[operation.name] = OperationCase(self.adapter, operation, sample)
                yield self._cases[operation.name]

    def run(self, case: OperationCase, script: BackendScript, **options: Any) -> TrialOutcome:
        """Run an operation with its sample's arguments, a batch with the first of the keys."""

        def call(adapter: Any) -> Awaitable[Any]:
            arguments = case.sample.arguments
            if case.operation.kind == "batch":
                loaded: Awaitable[Any] = _loader(case, adapter).load(case.keys[0], **arguments)
                return loaded
            called: Awaitable[Any] = getattr(adapter, case.operation.name)(**arguments)
            return called

        return self.trial.run(call, script, beside=case.sample.beside, **options)

    def run_failures(self, case: OperationCase) -> list[tuple[FailureScenario, TrialOutcome]]:
        """Run an operation in every failure scenario, once for all rules."""
        if case.operation.name not in self._failures:
            outcomes = [(each, self.run(case, reply_always(each.reply))) for each in failure_scenarios(case)]
            self._failures[case.operation.name] = outcomes
        return self._failures[case.operation.name]

    def find_keys(self, case: OperationCase, keys: Sequence[Any], script: BackendScript) -> dict[Any, Any]:
        """Return what `find` gives for each of the keys, with errors as values."""

        async def find(adapter: Any) -> list[Any]:
            finds = (_loader(case, adapter).find(key, **case.sample.arguments) for key in keys)
            return await asyncio.gather(*finds, return_exceptions=True)

        outcome = self.trial.run(find, script, beside=case.sample.beside)
        return dict(zip(keys, outcome.value, strict=True))

    def read_reply(self, case: OperationCase, reply: httpx.Response) -> TrialOutcome:
        """Run the operation's own function on a reply; the outcome's value is what it returns to the loaders."""
        operation = case.operation

        async def call(adapter: Any) -> Any:
            keys = [Keys(case.keys, lambda row: row.shape.on_demand)] if operation.kind == "batch" else []
            bound = adapter.for_operation(operation.name, whole=True)
            return await operation.function(bound, *keys, **case.sample.arguments)

        return self.trial.run(call, reply_always(reply), beside=case.sample.beside)

    def _sample(self, operation: str, kind: str) -> Sample:
        sample, name = self._samples.get(operation), f"{self.adapter.name}.{operation}"
        if sample is None:
            more = "keys=[...], " if kind == "batch" else "arguments={...}, "
            raise InsufficientSample(f"{name} has no sample; add samples={{{operation!r}: Sample({more}reply=...)}}")
        if kind == "batch" and not sample.keys:
            raise InsufficientSample(
                f"{name}: the sample of a batch needs the keys it answers: Sample(keys=[...], reply=...)"
            )
        return sample


Rule = Callable[[AdapterUnderTest], Iterator[str]]
"""A check that yields a text for each thing that breaks its rule."""


def _loader(case: OperationCase, adapter: Any) -> Any:
    """Return the loader of a batch that asks for every OnDemand field, as there is no query that selects some."""
    return getattr(adapter, case.operation.name).whole


def reply_always(reply: httpx.Response | Exception) -> BackendScript:
    """Return a script that gives every request the same reply."""

    async def script(request: httpx.Request) -> httpx.Response:
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    return script


async def never_reply(request: httpx.Request) -> httpx.Response:
    """Leave the request without a reply, as a script for a backend that hangs."""
    await asyncio.Event().wait()
    raise AssertionError
