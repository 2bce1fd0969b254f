"""Wrong resilience options raise a Mistake when the adapter is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from graphfold.mistakes import Mistake
from tests.graphfold.written import Wrong, assert_mistake


def declared(resilience: str, what: str, fix: str) -> Wrong:
    source = f"""
        from graphfold.resilience import Breaker, Quota, Resilience

        class Crm(RestAdapter):
            resilience = {resilience}  # <-
        """
    return Wrong(source, what, fix)


WRONG = [
    declared("Resilience(retries=-1)", "Resilience: retries=-1 is not valid", "a whole number from 0 to 10"),
    declared("Resilience(retries=True)", "Resilience: retries=True is not valid", "a whole number from 0 to 10"),
    declared("Resilience(parallel=0)", "Resilience: parallel=0 is not valid", "a whole number from 1"),
    declared("Resilience(queue=-1)", "Resilience: queue=-1 is not valid", "a whole number from 0"),
    declared("Resilience(breaker=Breaker)", "breaker=.* is not valid", "with its brackets, or None"),
    declared("Resilience(quota=100)", "quota=100 is not valid", "with its brackets, or None"),
    declared("Resilience(breaker=Breaker(failures=50))", "Breaker: failures=50 is not valid", "0.5 is half"),
    declared("Resilience(breaker=Breaker(slow=0))", "Breaker: slow=0 is not valid", "0.5 is half"),
    declared("Resilience(breaker=Breaker(slow_after=0))", "Breaker: slow_after=0 is not valid", "seconds above 0"),
    declared("Resilience(breaker=Breaker(calls=0))", "Breaker: calls=0 is not valid", "a whole number from 1"),
    declared("Resilience(breaker=Breaker(window=0))", "Breaker: window=0 is not valid", "seconds above 0"),
    declared("Resilience(breaker=Breaker(wait=-1))", "Breaker: wait=-1 is not valid", "seconds above 0"),
    declared("Resilience(quota=Quota(0))", "Quota: rate=0 is not valid", "calls above 0"),
    declared("Resilience(quota=Quota(1, per=0))", "Quota: per=0 is not valid", "seconds above 0"),
    declared("Resilience(quota=Quota(1, burst=0))", "Quota: burst=0 is not valid", "a whole number from 1"),
    Wrong(
        """
        from graphfold.resilience import Resilience

        class Crm(RestAdapter):  # <-
            resilience = Resilience
        """,
        "is not a Resilience",
        r"resilience = Resilience\(\.\.\.\)",
    ),
    Wrong(
        """
        class Crm(RestAdapter):
            @read(group="My Group")  # <-
            async def count(self) -> int: ...
        """,
        "group='My Group' is not the name of a group",
        "lower case letters",
    ),
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_wrong_resilience_is_a_mistake_at_import(
    wrong: Wrong, imported: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    with pytest.raises(Mistake) as mistake:
        imported(wrong.source)
    assert_mistake(mistake.value, wrong, tmp_path / "written.py")
