"""`conformance(Crm, samples={...})`: the test suite of an adapter, with a test for each rule of its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest import SkipTest

from graphfold.adapter.base import Adapter
from graphfold.manifest import RULES
from graphfold.testing.conformance import batch_rules, call_rules, manifest_rules, value_rules
from graphfold.testing.conformance.adapter_under_test import AdapterUnderTest, Rule
from graphfold.testing.conformance.sample import InsufficientSample, Sample

__all__ = ["CHECKS", "conformance"]

CHECKS: dict[str, Rule] = {
    "owner": manifest_rules.owner,
    "answers": call_rules.answers,
    "timeouts": call_rules.timeouts,
    "failures": call_rules.failures,
    "writes": call_rules.writes,
    "secrets": call_rules.secrets,
    "keyed": batch_rules.keyed,
    "split": batch_rules.split,
    "missing": batch_rules.missing,
    "foreign": batch_rules.foreign,
    "duplicate": batch_rules.duplicate,
    "partial": batch_rules.partial,
    "deadline": call_rules.deadline,
    "cancellation": call_rules.cancellation,
    "nulls": value_rules.nulls,
    "exact": value_rules.exact,
    "described": manifest_rules.described,
    "probe": call_rules.probe,
    "lifecycle": manifest_rules.lifecycle,
}


def conformance(adapter: type[Adapter], samples: Mapping[str, Sample] | None = None) -> type:
    """Return the test suite of an adapter: a class for pytest to collect.

    In a test file: `TestCrm = conformance(Crm, {"customers": Sample(keys=["1", "2"], reply=[...])})`.

    Rules that the manifest claims as done are checked; those that are exempt or to do are skipped, with the reason. A
    rule that needs a sample which is missing fails, and says what to add.
    """
    subject = AdapterUnderTest(adapter, samples or {})
    tests = {f"test_{rule}": _test(subject, rule) for rule in CHECKS}
    return type(f"Test{adapter.__name__}", (), {"__doc__": f"What {adapter.name} claims.", **tests})


def _test(subject: AdapterUnderTest, rule: str) -> Callable[[Any], None]:
    def test(_: Any) -> None:
        manifest = subject.adapter.manifest
        status = manifest.status(rule)
        if status != "done":
            reason = {**manifest.exempt, **manifest.todo}.get(rule, "not claimed yet")
            raise SkipTest(f"{status}: {reason}")  # pytest knows it, and pytest.skip would make pytest a dependency
        meaning, fix = RULES[rule].meaning, RULES[rule].fix
        try:
            problems = list(CHECKS[rule](subject))
        except InsufficientSample as error:
            raise AssertionError(f"{rule}: {meaning} It cannot be checked.\n  {error}.") from None
        if problems:
            listed = "\n".join(f"  {problem}" for problem in problems)
            raise AssertionError(f"{rule}: {meaning} It does not hold:\n{listed}\n  Fix: {fix}")

    test.__doc__ = RULES[rule].meaning
    return test
