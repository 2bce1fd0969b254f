"""A short soak, and that a soak would see what it looks for. `make soak` takes ten minutes."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest

from tests.soak.queries import Questions, mistaken
from tests.soak.soak import WORST, soak

SECONDS = 60

TRUE = {"order": {"number": "1", "lines": [{"sku": "a", "stock": {"onHand": 3}}, {"sku": "b", "stock": None}]}}


@pytest.mark.anyio
@pytest.mark.alone
@pytest.mark.slow
async def test_faults_come_and_go_and_nothing_stays() -> None:
    report = await soak(SECONDS)
    assert report.problems == []
    assert report.faults > 30
    assert not isnan(report.ratio), "no round had enough questions that no fault concerned"
    assert report.ratio <= WORST, str(report)


@pytest.mark.parametrize(
    ("told", "errors", "found"),
    [
        (TRUE, [], []),
        (None, [["order"]], []),
        ({"order": None}, [["order"]], []),
        ({"order": None}, [["order", "lines", 0, "sku"]], []),
        ({"order": None}, [], ["order is None"]),
        ({"order": None}, [["customer"]], ["order is None"]),
        ({"order": TRUE["order"] | {"number": "2"}}, [["order", "number"]], ["order.number is '2', not '1'"]),
        ({"order": TRUE["order"] | {"lines": []}}, [["order", "lines"]], ["order.lines is []"]),
        ({"order": {"number": "1"}}, [], ["order is {'number': '1'}"]),
        (TRUE | {"more": 1}, [], [" is {"]),
    ],
)
def test_a_wrong_answer_is_seen(told: Any, errors: list[list[str | int]], found: list[str]) -> None:
    seen = mistaken(told, TRUE, errors)
    assert [text[: len(start)] for text, start in zip(seen, found, strict=True)] == found


def test_the_same_seed_asks_the_same() -> None:
    def drawn(seed: int) -> list[str]:
        questions = Questions(seed)
        try:
            return [str(questions.next(n % 8).variables) for n in range(20)]
        finally:
            questions.close()

    assert drawn(1) == drawn(1) != drawn(2)
