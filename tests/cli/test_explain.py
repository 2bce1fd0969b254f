"""`graphfold explain`: the tree, JSON, and queries that cannot be explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def test_explain_prints_the_tree_in_the_readme(repository: Any) -> None:
    outcome = repository.run("explain", "queries/04-from-customer-to-stock.graphql")
    assert (outcome.code, outcome.err) == (0, "")
    assert f"04-from-customer-to-stock.graphql\n{outcome.out}```" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert max(map(len, outcome.out.splitlines())) <= 80


def test_explain_warns_of_calls_per_item(repository: Any) -> None:
    printed = repository.run("explain", "queries/05-invoices-and-payments.graphql", "--variables", '{"first": 12}').out
    assert "├─ nodes.balance" in printed
    assert "1 to 12 calls" in printed
    assert (
        "N+1 customers.nodes.balance\n  Billing.balances calls billing once for each key, 8 at a time.\n  Fix: "
        in printed
    )
    assert "\n  adapters/billing/adapter.py:" in printed


def test_explain_prints_json(repository: Any) -> None:
    query = "query A { product(id: 1) { sku } } query B { order(id: 1) { number } }"
    plan = json.loads(repository.run("explain", query, "--operation", "B", "--json").out)
    assert plan["operation"] == {"kind": "query", "name": "B"}
    assert [step["operation"] for step in plan["steps"]] == ["orders"]


def test_explain_says_when_graphql_core_runs_the_query(repository: Any) -> None:
    printed = repository.run("explain", "{ __schema { description } }").out
    assert printed == (
        "query\nNo backend is called.\nRun by graphql-core, not as a plan: the query asks for the schema itself.\n"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "{ helo }",
            "graphfold: query:1:3: Cannot query field 'helo' on type 'Query'. Did you mean 'hello'? (BAD_INPUT)\n",
        ),
        ("{ hello ", "graphfold: query:1:9: Syntax Error: Expected Name, found <EOF>. (BAD_INPUT)\n"),
        ("query A { hello } query B { hello }", "Say which operation to run: operationName. (BAD_INPUT)\n"),
        (
            "query($n: String!) { hello(name: $n) }",
            "non-null type 'String!' to be provided. (BAD_INPUT)\n",
        ),
    ],
)
def test_explain_of_an_invalid_query_exits_with_1(tiny: Any, query: str, message: str) -> None:
    outcome = tiny.run("explain", query)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.endswith(message)


def test_explain_of_a_query_without_backends(tiny: Any) -> None:
    assert tiny.run("explain", "query Greeting { hello }").out == "query Greeting\nNo backend is called.\n"
