"""`graphfold explain`: the tree as people see it, JSON, and queries that cannot be explained."""

from __future__ import annotations

import json
from typing import Any

import pytest

PAGE = """\
query CustomerToStock
4 calls to 4 backends, in 4 rounds: a round waits for the one before.
crm: 1 call more to sign in, when there is no token that is still good.

customers                                      crm.listing       REST     1 call
│  fields   name, email of Customer
│  kept     60 s
└─ nodes.orders                                shop.orders_of    REST     1 call
   │  key      Customer.number, at most 20; 200 a call; kept 10 s
   └─ nodes.lines.product                      catalog.products  GraphQL  1 call
      │  key      OrderLine.sku, at most 300; 1,000 a call; kept 300 s
      │  needed   for name of Product; with the key alone no call
      └─ stock                                 inventory.stock   SOAP     1 call
            key      Product.sku, at most 300; 1,000 a call; kept 5 s
            fields   warehouses of Stock

Below a step: what waits for it. Side by side: what runs at the same time.
Fewer calls where a list is empty, or an answer is known already.
Lists without a page size are counted as 5 items; they may have more:
customers.nodes.orders.nodes.lines.
"""


def test_a_page_is_a_tree_of_calls(repository: Any) -> None:
    asked = repository.run("explain", "queries/04-from-customer-to-stock.graphql")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out == PAGE
    assert max(map(len, asked.out.splitlines())) <= 80


def test_calls_per_item_are_warned_of_with_the_fix(repository: Any) -> None:
    said = repository.run("explain", "queries/05-invoices-and-payments.graphql", "--variables", '{"first": 12}').out
    assert "├─ nodes.balance" in said
    assert "1 to 12 calls" in said
    assert (
        "N+1 customers.nodes.balance\n  Billing.balances calls billing once for each key, 8 at a time.\n  Fix: " in said
    )
    assert "\n  adapters/billing/adapter.py:" in said


def test_it_may_be_json(repository: Any) -> None:
    query = "query A { product(id: 1) { sku } } query B { order(id: 1) { number } }"
    plan = json.loads(repository.run("explain", query, "--operation", "B", "--json").out)
    assert plan["operation"] == {"kind": "query", "name": "B"}
    assert [step["operation"] for step in plan["steps"]] == ["orders"]


def test_graphql_core_runs_introspection(repository: Any) -> None:
    said = repository.run("explain", "{ __schema { description } }").out
    assert said == (
        "query\nNo backend is called.\nRun by graphql-core, not as a plan: the query asks for the schema itself.\n"
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ helo }", "graphfold: 1:3: Cannot query field 'helo' on type 'Query'. Did you mean 'hello'? (BAD_INPUT)\n"),
        ("{ hello ", "graphfold: 1:9: Syntax Error: Expected Name, found <EOF>. (BAD_INPUT)\n"),
        ("query A { hello } query B { hello }", "Say which operation to run: operationName. (BAD_INPUT)\n"),
        (
            "query($n: String!) { hello(name: $n) }",
            "non-null type 'String!' to be provided. (BAD_INPUT)\n",
        ),
    ],
)
def test_a_wrong_query_is_told_and_ends_with_1(tiny: Any, query: str, message: str) -> None:
    asked = tiny.run("explain", query)
    assert (asked.code, asked.out) == (1, "")
    assert asked.err.endswith(message)


def test_a_query_without_backends(tiny: Any) -> None:
    assert tiny.run("explain", "query Greeting { hello }").out == "query Greeting\nNo backend is called.\n"
