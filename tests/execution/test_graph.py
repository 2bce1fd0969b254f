"""Every query of the reference graph found in the suite's source: plans and graphql-core return equal responses."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLError,
    GraphQLSchema,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    build_schema,
    parse,
    validate,
)

from graphfold.execution.planning import PLANNING_OUTCOMES, UNPLANNED_REASONS
from tests.e2e.fixtures import books, shared_sandbox
from tests.e2e.gateway import gateway

__all__ = ["books", "shared_sandbox"]

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
ROOMS = [ROOT / "tests" / room for room in ("e2e", "graph", "resolvers", "server", "frontend")]


def texts() -> Iterator[str]:
    """Yield the example queries, and every string in a test that could be a query."""
    for file in sorted((ROOT / "queries").glob("*.graphql")):
        yield file.read_text(encoding="utf-8")
    for file in sorted(file for room in ROOMS for file in room.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{" in node.value:
                yield node.value


def queries(schema: GraphQLSchema) -> list[tuple[str, str | None]]:
    """Return text and operation name of the valid queries that need no variables."""
    found: dict[tuple[str, str | None], None] = {}
    for text in texts():
        try:
            document = parse(text)
        except GraphQLError:
            continue
        if validate(schema, document):
            continue
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode) and _can_be_asked(node):
                found[text, node.name.value if node.name else None] = None
    return list(found)


def _can_be_asked(node: OperationDefinitionNode) -> bool:
    declared = node.variable_definitions or ()
    required = any(isinstance(v.type, NonNullTypeNode) and v.default_value is None for v in declared)
    return node.operation is OperationType.QUERY and not required


SCHEMA = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
QUERIES = queries(SCHEMA)


def test_reference_graph_queries_are_collected_from_the_suite() -> None:
    assert len(QUERIES) > 30


async def test_plans_and_graphql_core_agree_on_reference_graph_queries(shared_sandbox: str) -> None:
    before = PLANNING_OUTCOMES.copy()
    plans = await _answers(shared_sandbox, "breadth-first")
    ran = PLANNING_OUTCOMES - before
    assert plans == await _answers(shared_sandbox, "graphql-core")
    assert set(ran) <= {*UNPLANNED_REASONS, "planned"}
    assert ran["planned"] >= 0.95 * (ran.total() - ran["introspection"])


async def _answers(sandbox: str, execution: str) -> list[Any]:
    answers = []
    async with gateway(sandbox, GRAPHFOLD_EXECUTION=execution) as opened:
        for text, name in QUERIES:
            answer = await opened.graph.execute(text, operation_name=name)
            errors = sorted((repr(error.get("path")), error["message"]) for error in answer.errors)
            answers.append((text, json.dumps(answer.data), errors))
    return answers
