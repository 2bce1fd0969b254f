"""Runs an operation twice, by graphql-core's own executor and as a plan, and compares all that a client could see."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLSchema, execute, parse
from graphql.execution.incremental import IncrementalExecutor

from graphfold.execution.planning import PLANNING_OUTCOMES
from tests.execution.plan_executor import PlanExecutor

__all__ = ["agree", "agree_at_once", "both", "counted", "same", "seen"]

Root = Callable[[], Any]
"""Makes the root value anew for each run: coroutines and generators in it can be used only once."""

Both = tuple[ExecutionResult, ExecutionResult]


def seen(result: ExecutionResult) -> dict[str, Any]:
    """Return the JSON of a result that a client sees, keys in their order."""
    errors = [error.formatted for error in result.errors or ()]
    return {"data": json.dumps(result.data, default=repr), "errors": json.dumps(errors, default=repr)}


def same(core: ExecutionResult, ours: ExecutionResult, *, exact: bool) -> None:
    """Assert equal results. Which of several concurrent errors is reported at a null is open (not `exact`)."""
    assert seen(core)["data"] == seen(ours)["data"]
    if exact:
        assert seen(core)["errors"] == seen(ours)["errors"]
    assert _nulled(core) == _nulled(ours)


def agree_at_once(
    schema: GraphQLSchema, query: str | DocumentNode, root: Root = dict, *, reason: str = "planned", **options: Any
) -> ExecutionResult:
    """Run a synchronous operation both ways, assert equal JSON, and return the plan's result."""
    document = parse(query) if isinstance(query, str) else query
    core = _execute(schema, document, root(), IncrementalExecutor, options)
    with counted(reason):
        ours = _execute(schema, document, root(), PlanExecutor, options)
    assert isinstance(core, ExecutionResult)
    assert isinstance(ours, ExecutionResult)
    same(core, ours, exact=True)
    return ours


async def agree(
    schema: GraphQLSchema,
    query: str | DocumentNode,
    root: Root = dict,
    *,
    exact: bool = True,
    reason: str = "planned",
    **options: Any,
) -> ExecutionResult:
    """Run an operation both ways, assert equal results, and return the plan's result."""
    core, ours = await both(schema, query, root, reason=reason, **options)
    same(core, ours, exact=exact)
    return ours


async def both(
    schema: GraphQLSchema, query: str | DocumentNode, root: Root = dict, *, reason: str = "planned", **options: Any
) -> Both:
    """Return the results of both executors, graphql-core's first."""
    document = parse(query) if isinstance(query, str) else query
    core = _execute(schema, document, root(), IncrementalExecutor, options)
    core = await core if inspect.isawaitable(core) else core
    with counted(reason):
        ours = _execute(schema, document, root(), PlanExecutor, options)
        ours = await ours if inspect.isawaitable(ours) else ours
    return core, ours


@contextmanager
def counted(reason: str) -> Iterator[None]:
    """Assert the planning outcome of the operation inside: "planned", or the reason of the fallback."""
    before = PLANNING_OUTCOMES.copy()
    yield
    assert PLANNING_OUTCOMES - before in (Counter({reason: 1}), Counter())


def _execute(schema: GraphQLSchema, document: DocumentNode, root: Any, executor: Any, options: dict[str, Any]) -> Any:
    return execute(schema, document, root, executor_class=executor, **options)


def _nulled(result: ExecutionResult) -> set[tuple[str | int, ...]]:
    """Return the response paths that errors have nulled: of each error's path the part that is in the data."""
    return {_reached(result.data, error.path or []) for error in result.errors or ()}


def _reached(data: Any, path: list[str | int]) -> tuple[str | int, ...]:
    for length, key in enumerate(path):
        if data is None:
            return tuple(path[:length])
        data = data[key]
    return tuple(path)
