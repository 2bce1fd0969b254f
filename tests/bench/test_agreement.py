"""Answer comparison, and the agreement of the bench's programs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from bench.agreement import differs
from bench.handwritten import schema
from bench.workloads import WORKLOADS, examples

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, ""),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "data: ['a', 'b'] and ['b', 'a']"),
        ({"a": [1, 2]}, {"a": [1]}, "data.a: [1, 2] and [1]"),
        ({"a": [{"b": 1}]}, {"a": [{"b": "1"}]}, "data.a.0.b: 1 and '1'"),
        ({"a": 1}, {"a": True}, "data.a: 1 and True"),
        ({"endCursor": "x"}, {"endCursor": "y"}, ""),
        ({"endCursor": "x"}, {"endCursor": None}, "data.endCursor: 'x' and None"),
    ],
)
def test_answer_comparison_checks_values_types_and_order_but_not_cursors(one: Any, other: Any, where: str) -> None:
    assert differs(one, other) == where


def test_handwritten_schema_is_a_subset_of_the_reference_schema() -> None:
    ours = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    for name, kind in build_schema(schema.as_str()).type_map.items():
        reference = ours.type_map[name]
        assert type(reference) is type(kind), name
        if isinstance(kind, GraphQLObjectType) and isinstance(reference, GraphQLObjectType):
            missing = kind.fields.keys() - reference.fields.keys()
            assert not missing, f"{name} has {missing}"


@pytest.mark.slow
def test_all_bench_programs_give_equal_answers_with_the_fewest_calls() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()]
    calls = {cell[0]: cell[1] for cell in cells}
    assert [calls[load.name] for load in WORKLOADS] == ["1", "4", "3", "1", "4"]
    assert all(int(calls[example.name]) > 0 for example in examples())
