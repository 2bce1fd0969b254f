"""The table of goals and results."""

import pytest

from bench.goals import Goal, table


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        (Goal("time", 1.5, 1.6), ["time", "<= 1.6", "1.5", "yes", ""]),
        (Goal("time", 1.61, 1.6), ["time", "<= 1.6", "1.61", "no", ""]),
        (Goal("throughput", 0.7, 0.6, least=True), ["throughput", ">= 0.6", "0.7", "yes", ""]),
        (Goal("throughput", 0.59, 0.6, least=True, processor=0.7), ["throughput", ">= 0.6", "0.59", "no", "0.7"]),
    ],
)
def test_goal_bound_is_an_upper_or_lower_limit(goal: Goal, expected: list[str]) -> None:
    cells = [cell.strip() for cell in table([goal]).splitlines()[-1].strip("|").split("|")]
    assert cells == expected
