"""Begins a run: synchronously as far as it goes, so that what waits for nothing is answered without a loop."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from graphql import ExecutionResult

from graphfold.execution.plan import Plan
from graphfold.execution.run import Run
from graphfold.execution.spare import Resumed

__all__ = ["begin"]


def begin(
    plan: Plan, executor: Any, serially: bool | None = None
) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
    """The result, or a coroutine of it where something has to be awaited: as graphql-core's executor does."""
    running = Run(plan, executor).operation(serially=serially)
    try:
        wait = running.send(None)  # to the end, or to where it wants a loop
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    return _rest(running, wait)


async def _rest(running: Coroutine[Any, Any, ExecutionResult], wait: Any) -> ExecutionResult:
    try:
        if wait is None:  # it only wanted a loop: here it has one, without waiting for the next turn
            wait = running.send(None)
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    waited: ExecutionResult = await Resumed(running, wait)
    return waited
