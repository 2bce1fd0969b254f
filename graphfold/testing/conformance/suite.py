"""`conformance(Crm, samples={...})`: the suite of an adapter, a test for each rule of its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from unittest import SkipTest

from graphfold.adapter.base import Adapter
from graphfold.manifest import RULES
from graphfold.testing.conformance import batches, calls, declared, values
from graphfold.testing.conformance.kit import Kit, Rule
from graphfold.testing.conformance.sample import Sample, Unsampled

__all__ = ["CHECKS", "conformance"]

CHECKS: dict[str, Rule] = {
    "owner": declared.owner,
    "answers": calls.answers,
    "timeouts": calls.timeouts,
    "failures": calls.failures,
    "writes": calls.writes,
    "secrets": calls.secrets,
    "keyed": batches.keyed,
    "split": batches.split,
    "missing": batches.missing,
    "foreign": batches.foreign,
    "duplicate": batches.duplicate,
    "partial": batches.partial,
    "deadline": calls.deadline,
    "cancellation": calls.cancellation,
    "nulls": values.nulls,
    "exact": values.exact,
    "described": declared.described,
    "probe": calls.probe,
    "lifecycle": declared.lifecycle,
}


def conformance(adapter: type[Adapter], samples: Mapping[str, Sample] | None = None) -> type:
    """The suite of an adapter, to be collected by pytest.

    In a test file: `TestCrm = conformance(Crm, {"customers": Sample(keys=["1", "2"], reply=[...])})`.

    What the manifest claims as done is verified; what is exempt or to do is skipped, with the reason. A rule that
    needs a sample there is none of fails, and says what to add.
    """
    kit = Kit(adapter, samples or {})
    tests = {f"test_{rule}": _test(kit, rule) for rule in CHECKS}
    return type(f"Test{adapter.__name__}", (), {"__doc__": f"What {adapter.name} claims.", **tests})


def _test(kit: Kit, rule: str) -> Callable[[Any], None]:
    def test(_: Any) -> None:
        manifest = kit.adapter.manifest
        status = manifest.status(rule)
        if status != "done":
            reason = {**manifest.exempt, **manifest.todo}.get(rule, "not claimed yet")
            raise SkipTest(f"{status}: {reason}")  # pytest's own would make it a dependency
        _verify(kit, rule)

    test.__doc__ = RULES[rule].meaning
    return test


def _verify(kit: Kit, rule: str) -> None:
    told = RULES[rule]
    try:
        problems = list(CHECKS[rule](kit))
    except Unsampled as error:
        raise AssertionError(f"{rule}: {told.meaning} It cannot be checked.\n  {error}.") from None
    if problems:
        found = "\n".join(f"  {problem}" for problem in problems)
        raise AssertionError(f"{rule}: {told.meaning} It does not hold:\n{found}\n  Fix: {told.fix}")
