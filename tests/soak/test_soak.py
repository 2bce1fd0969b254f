"""A short soak, and that a soak would see what it looks for. `make soak` takes ten minutes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.soak.questions import Questions, mistaken
from tests.soak.soak import soak

SECONDS = 12
SLACK = 6
"""A short stretch has few questions, and their p99 is nearly the slowest of them; `make soak` asks for 2."""

TRUE = {"order": {"number": "1", "lines": [{"sku": "a", "stock": {"onHand": 3}}, {"sku": "b", "stock": None}]}}


@pytest.mark.anyio
async def test_faults_come_and_go_and_nothing_stays() -> None:
    report = await soak(SECONDS)
    assert report.problems == []
    assert report.asked > 200
    assert report.faults > 3
    assert math.isnan(report.ratio) or report.ratio < SLACK, str(report)


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
            return [questions.next().key for _ in range(20)]
        finally:
            questions.close()

    assert drawn(1) == drawn(1) != drawn(2)
