"""Joining requests in flight, and internal failures: every waiter gets a result."""

import asyncio
from itertools import count
from typing import Any, cast

import pytest

from graphfold.cache.cache_view import CacheView
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.policy import CachePolicy
from graphfold.errors import DeadlineExceeded
from graphfold.loading.load import Loader
from graphfold.loading.load_result import Failed
from graphfold.loading.scope import OperationScope, SharedResources
from graphfold.loading.source import Fetch, Source
from graphfold.testing import fakes
from graphfold.viewer import Viewer
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio


class Host:
    """The owner of shared calls, as far as a source uses it."""

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        return asyncio.ensure_future(work)


class Full(Host):
    def spawn(self, work: Any) -> asyncio.Task[Any]:
        work.close()
        raise OSError("no more tasks")


def source(fetch: Fetch[int], store: OperationCache, home: Host | None = None) -> Source[int]:
    scope = OperationScope(cast("SharedResources", home or Host()), Viewer(), dict)
    return Source(
        scope, fetch, view=CacheView(store, "slot"), requested_fields=lambda _: frozenset(), fields=frozenset()
    )


async def test_waiter_joining_an_expiring_call_makes_its_own() -> None:
    store, over = OperationCache(CachePolicy(ttl=10), lambda: 0.0), asyncio.Event()

    async def hasty(keys: list[int]) -> dict[int, Any]:
        await over.wait()
        return dict.fromkeys(keys, Failed(DeadlineExceeded("Not in time.")))

    async def patient(keys: list[int]) -> dict[int, Any]:
        return dict.fromkeys(keys, "found")

    async def join() -> dict[int, Any]:
        await over.wait()  # wakes right after the call
        return await source(patient, store).fetch([1])

    source(hasty, store).fetch_then([1], lambda _: None)
    await asyncio.sleep(0)
    joining = asyncio.create_task(join())
    await asyncio.sleep(0)
    over.set()
    assert await joining == {1: "found"}


async def test_failing_to_start_a_call_fails_all_waiters() -> None:
    async def never(keys: list[int]) -> dict[int, Any]:
        raise AssertionError

    loader = Loader(source(never, OperationCache(CachePolicy(ttl=10), lambda: 0.0), Full()))
    loads = [loader.load(key, lambda answer, _: answer.error) for key in (1, 2)]
    async with asyncio.timeout(10):
        assert [str(await load) for load in loads] == ["no more tasks"] * 2


@pytest.mark.parametrize("execution", ["breadth-first", "graphql-core"])
async def test_failing_clock_never_hangs_a_query(execution: str) -> None:
    """Each use of the clock fails in turn: for lookups, fetches, stores and fallbacks, of callers and of waiters."""
    graph = people(
        ttl=60, share="public", caching={"stale_if_error": 60}, environment={"GRAPHFOLD_EXECUTION": execution}
    )
    query = '{ many(numbers: ["1", "2"]) { name boss { name } } }'
    for broken in count(1):
        uses = count(1)

        def timer(uses: Any = uses, broken: int = broken) -> float:
            if next(uses) == broken:
                raise ZeroDivisionError
            return 0.0

        async with graph.running(transports=fakes(hr=Office()), timer=timer) as running, asyncio.timeout(10):
            answers = await asyncio.gather(*(running.execute(query) for _ in range(3)))
        assert all(answer.errors or answer.data for answer in answers)
        if next(uses) <= broken:  # every use has failed once
            assert broken > 3
            break
