"""A short soak, and tests of the checks that it makes. `make soak` takes ten minutes."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest

from tests.soak.queries import CheckedQueries, differences
from tests.soak.soak import WORST, soak

SECONDS = 60

ANSWER = {"order": {"number": "1", "lines": [{"sku": "a", "stock": {"onHand": 3}}, {"sku": "b", "stock": None}]}}


@pytest.mark.anyio
@pytest.mark.alone
@pytest.mark.slow
async def test_gateway_recovers_from_faults_without_leaks() -> None:
    report = await soak(SECONDS)
    assert report.problems == []
    assert report.faults > 30
    assert not isnan(report.ratio), "no round had enough unaffected queries"
    assert report.ratio <= WORST, str(report)


@pytest.mark.parametrize(
    ("actual", "errors", "expected"),
    [
        (ANSWER, [], []),
        (None, [["order"]], []),
        ({"order": None}, [["order"]], []),
        ({"order": None}, [["order", "lines", 0, "sku"]], []),
        ({"order": None}, [], ["order is None"]),
        ({"order": None}, [["customer"]], ["order is None"]),
        ({"order": ANSWER["order"] | {"number": "2"}}, [["order", "number"]], ["order.number is '2', not '1'"]),
        ({"order": ANSWER["order"] | {"lines": []}}, [["order", "lines"]], ["order.lines is []"]),
        ({"order": {"number": "1"}}, [], ["order is {'number': '1'}"]),
        (ANSWER | {"more": 1}, [], [" is {"]),
    ],
)
def test_differences_from_the_expected_answer(actual: Any, errors: list[list[str | int]], expected: list[str]) -> None:
    texts = differences(actual, ANSWER, errors)
    assert [text[: len(start)] for text, start in zip(texts, expected, strict=True)] == expected


def test_same_seed_gives_the_same_queries() -> None:
    def drawn(seed: int) -> list[str]:
        queries = CheckedQueries(seed)
        try:
            return [str(queries.next(n % 8).variables) for n in range(20)]
        finally:
            queries.close()

    assert drawn(1) == drawn(1) != drawn(2)
