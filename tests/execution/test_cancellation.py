"""Operations that end early: cancelled by the client, by null propagation, or by a resolver's cancellation.

When the operation has ended, every `finally` of its resolvers has run and no task is left.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import pytest
from graphql import build_schema, execute, parse

from tests.execution.loading import backend
from tests.execution.plan_executor import PlanExecutor
from tests.execution.twice import agree

pytestmark = pytest.mark.anyio

SCHEMA = build_schema("""
    type Query { items: [Item!] slow: Int one: One other: Int required: Int! }
    type Item { value: Int! other: Int below: Item }
    type One { fails: Int! waits: Int item: Item list: [Item!] }
""")


class Diary:
    """A log of the events of resolvers, with waits that end only by cancellation."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.forever = asyncio.Event()

    async def sleep(self, name: str) -> Any:
        try:
            self.entries.append(f"{name} began")
            await self.forever.wait()
        except asyncio.CancelledError:
            self.entries.append(f"{name} was cancelled")
            raise
        finally:
            await asyncio.sleep(0)
            self.entries.append(f"{name} ended")

    async def load(self, name: str, load: Any) -> Any:
        try:
            self.entries.append(f"{name} began")
            return await load
        finally:
            await asyncio.sleep(0)
            self.entries.append(f"{name} ended")

    @property
    def open(self) -> set[str]:
        began = {entry.removesuffix(" began") for entry in self.entries if entry.endswith(" began")}
        return began - {entry.removesuffix(" ended") for entry in self.entries}


async def run(query: str, root: Any) -> Any:
    result = execute(SCHEMA, parse(query), root, executor_class=PlanExecutor)
    return await result if inspect.isawaitable(result) else result


async def fails(text: str = "no") -> Any:
    await asyncio.sleep(0)
    raise ValueError(text)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks()


async def test_cancelled_operation_leaves_no_resolver_or_task_running() -> None:
    diary, before = Diary(), others()

    async def never(_keys: list[Any]) -> None:
        await diary.forever.wait()

    async with backend(never) as fake:
        root = {
            "items": [{"value": lambda _info, i=i: diary.load(f"load {i}", fake.load(i))} for i in range(3)],
            "slow": lambda _info: diary.sleep("sleep"),
            "one": lambda _info: diary.sleep("object"),
        }
        task = asyncio.ensure_future(run("{ items { value } slow one { fails } other }", root))
        await turns()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(diary.entries) >= 10
        assert not diary.open
    await turns(2)
    assert others() <= before


@pytest.mark.parametrize("count", [0, 1, 2, 3])
async def test_operation_cancelled_after_some_loop_turns_leaves_no_task(count: int) -> None:
    diary, before = Diary(), others()
    async with backend() as fake:

        async def item(i: int) -> Any:
            await asyncio.sleep(0)
            return {
                "value": lambda _info: diary.load(f"value {i}", fake.load(i)),
                "other": lambda _info: diary.sleep("other"),
            }

        async def items() -> Any:
            return [item(i) for i in range(3)]

        task = asyncio.ensure_future(run("{ items { value other } slow }", {"items": lambda _info: items()}))
        await turns(count)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not diary.open
    await turns(2)
    assert others() <= before


@pytest.mark.parametrize("query", ["{ one { waits fails } other }", "{ one { fails waits } other }"])
async def test_null_propagation_cancels_waiting_sibling_resolver(query: str) -> None:
    diary, before = Diary(), others()
    root = {"one": {"waits": lambda _info: diary.sleep("waits"), "fails": lambda _info: fails()}, "other": 2}
    result = await run(query, root)
    assert result.data == {"one": None, "other": 2}
    assert [error.path for error in result.errors] == [["one", "fails"]]
    assert not diary.open
    await turns(2)
    assert others() <= before


async def test_null_propagation_cancels_resolvers_started_later_below_the_null() -> None:
    diary = Diary()

    async def items() -> Any:
        await turns(4)
        return [{"value": lambda _info: diary.sleep("late")}]

    root = {"one": {"list": lambda _info: items(), "fails": lambda _info: fails()}, "other": 2}
    result = await run("{ one { list { value } fails } other }", root)
    assert result.data == {"one": None, "other": 2}
    assert not diary.open


async def test_null_of_the_whole_data_cancels_all_resolvers() -> None:
    diary = Diary()
    root = {"required": lambda _info: fails(), "slow": lambda _info: diary.sleep("slow"), "items": [{"value": 1}]}
    result = await run("{ slow items { value } required }", root)
    assert result.data is None
    assert not diary.open


async def test_null_in_a_list_item_leaves_other_items_running() -> None:
    async def late(i: int) -> int:
        await turns()
        return i

    def root() -> Any:
        good = [{"value": lambda _info, i=i: late(i), "other": lambda _info, i=i: late(i)} for i in range(3)]
        items = {"value": lambda _info: fails(), "other": lambda _info: late(9)}
        return {"one": {"list": [*good, items]}, "items": [{"below": items, "value": 1}, good[1]]}

    result = await agree(SCHEMA, "{ items { value other below { other value } } }", root, exact=False)
    assert result.data == {
        "items": [{"value": 1, "other": None, "below": None}, {"value": 1, "other": 1, "below": None}]
    }


async def test_synchronous_root_error_starts_no_coroutine_resolver() -> None:
    diary = Diary()
    root = {"slow": lambda _info: diary.sleep("slow"), "required": None}
    result: Any = execute(SCHEMA, parse("{ slow required }"), root, executor_class=PlanExecutor)
    assert not inspect.isawaitable(result)
    assert result.data is None
    assert diary.entries == []


async def test_cancelled_error_raised_by_resolver_ends_the_operation() -> None:
    diary, before = Diary(), others()

    async def cancelled() -> Any:
        raise asyncio.CancelledError

    root = {"slow": lambda _info: diary.sleep("slow"), "other": lambda _info: cancelled()}
    with pytest.raises(asyncio.CancelledError):
        await run("{ slow other }", root)
    assert not diary.open
    await turns(2)
    assert others() <= before


async def test_operation_waits_for_cleanup_of_cancelled_resolver() -> None:
    entries: list[str] = []

    async def careful() -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            async with asyncio.timeout(5):
                await asyncio.sleep(0.001)
            entries.append("clean")

    root = {"one": {"waits": lambda _info: careful(), "fails": lambda _info: fails()}}
    result = await run("{ one { waits fails } }", root)
    assert result.data == {"one": None}
    assert entries == ["clean"]


async def test_resolver_cancelled_at_a_load_may_use_a_timeout_to_clean_up() -> None:
    entries: list[str] = []

    async def never(_keys: list[Any]) -> None:
        await asyncio.Event().wait()

    async with backend(never) as fake:

        async def careful() -> Any:
            try:
                return await fake.load(1)
            except asyncio.CancelledError:
                async with asyncio.timeout(5):
                    await asyncio.sleep(0.001)
                entries.append("clean")
                raise

        root = {"one": {"waits": lambda _info: careful(), "fails": lambda _info: fails()}}
        result = await run("{ one { waits fails } }", root)
    assert result.data == {"one": None}
    assert entries == ["clean"]


def test_operation_started_without_event_loop_is_awaited_in_a_later_one() -> None:
    async def value(i: int) -> int:
        await asyncio.sleep(0)
        return i

    root = {
        "slow": lambda _info: value(1),
        "other": lambda _info: value(2),
        "items": lambda _info: [{"value": lambda _info: value(3), "other": lambda _info: value(4)}],
    }
    query = parse("{ slow other items { value other } }")
    result: Any = execute(SCHEMA, query, root, executor_class=PlanExecutor)

    async def awaited() -> Any:
        return await result

    assert asyncio.run(awaited()).data == {"slow": 1, "other": 2, "items": [{"value": 3, "other": 4}]}
