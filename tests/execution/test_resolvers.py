"""Resolvers that a plan drives behave as if each ran in a task of its own, whatever they do with asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import chain
from typing import Any

import pytest
from graphql import build_schema, execute, parse

from graphfold.execution import spare_task
from tests.execution.behaviours import DIFFERENT, SLOW, WAITING, Loads, Resolver, variable
from tests.execution.loading import backend
from tests.execution.plan_executor import PlanExecutor
from tests.execution.surroundings import ALL

pytestmark = pytest.mark.anyio

LOOPS = [pytest.param(("asyncio", {"use_uvloop": use}), id="uvloop" if use else "asyncio") for use in (False, True)]
SCHEMA = build_schema("scalar Any type Query { items: [Item] } type Item { value: Any }")
QUERY = parse("{ items { value } }")
Outcome = list[Any]


@pytest.fixture(params=LOOPS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


async def as_tasks(resolver: Resolver, loads: Loads) -> Outcome:
    tasks = [asyncio.ensure_future(resolver(i, loads)) for i in range(3)]
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return [_told(outcome) if isinstance(outcome, BaseException) else outcome for outcome in outcomes]


async def driven(resolver: Resolver, loads: Loads) -> Outcome:
    async def value(i: int) -> Any:
        return await resolver(i, loads)

    root = {"items": [{"value": lambda _info, i=i: value(i)} for i in range(3)]}
    result: Any = execute(SCHEMA, QUERY, root, executor_class=PlanExecutor)
    result = await result
    errors = {error.path[1]: _told(error.original_error) for error in result.errors or ()}
    return [errors.get(i, item["value"]) for i, item in enumerate(result.data["items"])]


async def outcome_of(
    runner: Callable[[Resolver, Loads], Awaitable[Outcome]], name: str
) -> tuple[Outcome, list[list[Any]]]:
    """What came out, and the calls that were made; nothing else may be left of it.

    Who wakes together on the clock, and so shares a call, is the machine's doing: then only the keys count.
    """
    async with backend(_slowly if name in WAITING else None) as fake:
        before, tasks = variable.get(), asyncio.all_tasks()
        outcome = await asyncio.wait_for(runner(ALL[name], Loads(fake.load)), 5)
        assert variable.get() == before
        await _quiet(tasks)
        return outcome, [sorted(chain.from_iterable(fake.calls))] if name in WAITING else fake.calls


def _told(error: BaseException | None) -> str:
    return f"{type(error).__name__}({error})"


async def _slowly(_keys: list[Any]) -> None:
    await asyncio.sleep(SLOW)


async def _quiet(before: set[asyncio.Task[Any]]) -> None:
    """What was begun and is not waited for may end; then no task is left."""
    left = asyncio.all_tasks() - before
    if left:
        assert not (await asyncio.wait(left, timeout=5))[1]


@pytest.mark.parametrize("name", [name for name in ALL if name not in DIFFERENT])
async def test_driven_resolver_behaves_as_in_its_own_task(name: str) -> None:
    assert await outcome_of(driven, name) == await outcome_of(as_tasks, name)


@pytest.mark.parametrize("name", DIFFERENT)
async def test_documented_differences_between_spare_task_and_own_task(name: str) -> None:
    assert await outcome_of(driven, name) != await outcome_of(as_tasks, name)


@pytest.mark.parametrize("name", ["a load", "a context variable set before a load", "the same task all along"])
async def test_resolvers_get_own_tasks_where_task_lookups_are_unobservable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare_task, "OBSERVABLE", False)
    assert await outcome_of(driven, name) == await outcome_of(as_tasks, name)


async def test_current_task_lookup_takes_the_spare_task() -> None:
    spare = spare_task.SpareTask(asyncio.get_running_loop())
    current = asyncio.current_task()
    assert current is not None
    asyncio.tasks._leave_task(asyncio.get_running_loop(), current)
    try:
        spare.enter()
        untouched = spare.is_taken()
        looked_up = asyncio.current_task()
        taken = spare.is_taken()
        spare.leave()
    finally:
        asyncio.tasks._enter_task(asyncio.get_running_loop(), current)
    spare.end()
    assert (untouched, taken, looked_up is spare.task) == (False, True, True)
