"""The measured queries: five loads with the fewest backend calls that can answer each, and the example queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from bench.canned import FIRST, LAST

NUMBER = b"########"
"""Stands in a body where the number of the first customer belongs; all numbers have as many digits."""

EXAMPLES = Path(__file__).parent.parent / "queries"


@dataclass(frozen=True)
class Workload:
    """A query about `span` customers, different ones in each request, so that no cache has seen them.

    `again`: only this many different requests, each sent once before timing starts, then repeated.
    `calls` are the fewest backend calls that answer it; None where they have not been counted.
    """

    name: str
    query: str
    variable: str = ""
    span: int = 1
    again: int = 0
    calls: dict[str, int] | None = None

    @property
    def body(self) -> bytes:
        """Return the request with a placeholder for the customer's number, where it has one."""
        variables = {self.variable: NUMBER.decode()} if self.variable else {}
        return orjson.dumps({"query": self.query, "variables": variables})

    def about(self, place: int) -> bytes:
        """Return the request about the customers from this place on."""
        return self.body.replace(NUMBER, number_at(place))

    def fits(self, place: int) -> int:
        """Return the first place from this one on where a request may start."""
        return -(-place // self.span) * self.span


def number_at(place: int) -> bytes:
    """Return the number of the customer at this place; after the last one it starts over."""
    return b"%d" % (FIRST + place % (LAST + 1 - FIRST))


TINY = Workload(
    "tiny",
    "query Tiny($id: ID!) { customer(id: $id) { number name email } }",
    variable="id",
    calls={"crm": 1},
)
PAGE = Workload(
    "page",
    """query Page($from: String!) {
      customers(first: 20, search: $from) { nodes { id name email
        orders(first: 3) { nodes { number placedAt total { amount currency }
          lines { quantity unitPrice { amount } product { sku name
            stock { onHand warehouses { code quantity } } } } } } } } }""",
    variable="from",
    span=20,
    calls={"crm": 1, "shop": 1, "catalog": 1, "inventory": 1},
)
REST_PAGE = Workload(
    "page REST only",
    """query RestPage($from: String!) {
      customers(first: 20, search: $from) { nodes { id name email
        orders(first: 3) { nodes { number placedAt total { amount currency }
          lines { quantity unitPrice { amount } product { sku name } } } } } } }""",
    variable="from",
    span=20,
    calls={"crm": 1, "shop": 1, "catalog": 1},
)
LIST = Workload(
    "list",
    """query List($from: String!) {
      customers(first: 1000, search: $from) { nodes { id number name email phone segment since vip } } }""",
    variable="from",
    span=1000,
    calls={"crm": 1},
)
DEEP = Workload(
    "deep",
    """query Deep($from: String!) {
      customers(first: 100, search: $from) { nodes { name
        orders(first: 3) { nodes { number
          lines { quantity product { name stock { onHand } } } } } } } }""",
    variable="from",
    span=100,
    calls={"crm": 1, "shop": 1, "catalog": 1, "inventory": 1},
)
WORKLOADS = (TINY, PAGE, REST_PAGE, LIST, DEEP)

ENTITIES_CACHED = replace(PAGE, name="page, entities cached", again=16)
ANSWER_CACHED = replace(PAGE, name="page, whole answer cached", again=16)
DELAYED = replace(PAGE, name="page, 20 ms before each reply")


def examples() -> Iterator[Workload]:
    """Return the example queries that only read."""
    for file in sorted(EXAMPLES.glob("*.graphql")):
        query = file.read_text(encoding="utf-8")
        if not any(line.startswith("mutation") for line in query.splitlines()):
            yield Workload(file.stem, query)
