"""The second tier. Each run of a graph has caches of its own, like a process; the runs share only the tier."""

import asyncio
from collections.abc import AsyncIterator, Collection, Hashable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from graphfold.cache.second_tier import OperationTier, TierEntry, TierPartition
from graphfold.graph.graph import Graph
from graphfold.testing import ask, fakes
from graphfold.viewer import Share
from tests.graphfold.people import Office, people

pytestmark = pytest.mark.anyio

ANN = '{ person(number: "1") { name } }'
MAIL = '{ person(number: "1") { mail } }'
RENAME = 'mutation { rename(number: "1", name: "Zoe") { name } }'


class MemoryTier:
    time_limit = 0.05

    def __init__(self) -> None:
        self.entries: dict[tuple[TierPartition, Hashable], TierEntry] = {}

    async def get_many(
        self, partition: TierPartition, keys: Collection[Hashable], fields: frozenset[str], /
    ) -> Mapping[Hashable, TierEntry]:
        found = {key: self.entries[partition, key] for key in keys if (partition, key) in self.entries}
        return {key: entry for key, entry in found.items() if fields <= entry.fields}

    async def set_many(self, partition: TierPartition, entries: Mapping[Hashable, TierEntry], ttl: float, /) -> None:
        self.entries.update({(partition, key): entry for key, entry in entries.items()})

    async def delete_many(self, operation: str, keys: Collection[Hashable] | None, /) -> None:
        for partition, key in list(self.entries):
            if partition.operation == operation and (keys is None or key in keys):
                del self.entries[partition, key]


class FailingTier(MemoryTier):
    async def get_many(self, *_: Any) -> Any:
        raise OSError

    async def set_many(self, *_: Any) -> None:
        raise OSError

    async def delete_many(self, *_: Any) -> None:
        raise OSError


class HangingTier(MemoryTier):
    """A tier that never answers and ignores cancellation."""

    def __init__(self) -> None:
        super().__init__()
        self.end = asyncio.Event()

    async def _hang(self) -> Any:
        while not self.end.is_set():
            try:
                await self.end.wait()
            except asyncio.CancelledError:
                continue

    async def get_many(self, *_: Any) -> Any:
        await self._hang()

    async def set_many(self, *_: Any) -> None:
        await self._hang()

    async def delete_many(self, *_: Any) -> None:
        await self._hang()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def tier() -> MemoryTier:
    return MemoryTier()


@asynccontextmanager
async def process(graph: Graph, office: Office, tier: MemoryTier, now: float = 0.0) -> AsyncIterator[Graph]:
    running = graph.running(transports=fakes(hr=office), timer=lambda: now, chance=lambda: 0.0, second_tier=tier)
    async with running, asyncio.timeout(10):
        yield graph


@pytest.mark.parametrize("execution", ["breadth-first", "graphql-core"])
async def test_keys_in_the_tier_are_not_fetched(execution: str, office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60, environment={"GRAPHFOLD_EXECUTION": execution})
    query = '{ many(numbers: ["1", "2"]) { name } seek(number: "99") { name } }'
    async with process(graph, office, tier):
        first = await ask(graph, query)
    calls = len(office.calls)
    async with process(graph, office, tier):
        assert await ask(graph, query) == first
        assert len(office.calls) == calls
        await ask(graph, '{ many(numbers: ["1", "3"]) { name } }')
    assert office.requests[calls:] == ["people 3"]


async def test_reads_are_shared_by_equal_arguments(office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60)
    for _ in range(2):
        async with process(graph, office, tier):
            await ask(graph, "{ staff { name } }")
    assert len(office.calls) == 1


@pytest.mark.parametrize(("share", "calls"), [("viewer", 2), ("public", 1)])
async def test_entries_of_viewers_are_separate_unless_they_are_public(
    share: Share, calls: int, office: Office, tier: MemoryTier
) -> None:
    graph = people(ttl=60, share=share)
    for viewer in ("Basic a", "Basic b", "Basic a"):
        async with process(graph, office, tier):
            await graph.execute(ANN, headers={"authorization": viewer})
    assert len(office.calls) == calls


async def test_entries_of_tenants_are_separate(office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60, share="tenant")
    graph.tenant_of = lambda headers: headers.get("x-company")
    for tenant, viewer in (("x", "Basic a"), ("x", "Basic b"), ("y", "Basic a")):
        async with process(graph, office, tier):
            await graph.execute(ANN, headers={"authorization": viewer, "x-company": tenant})
    assert len(office.calls) == 2


async def test_entries_without_a_requested_field_are_not_used(office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60)
    for query in (ANN, '{ person(number: "1") { name mail } }', MAIL, ANN):
        async with process(graph, office, tier):
            await ask(graph, query)
    assert len(office.calls) == 2


async def test_write_deletes_the_key_in_the_tier(office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60)
    async with process(graph, office, tier):
        await ask(graph, ANN)
    async with process(graph, office, tier):
        await ask(graph, RENAME)
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}
    async with process(graph, office, tier):
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


@pytest.mark.parametrize("keys", [["1"], None])
async def test_invalidation_reaches_the_tier_before_the_operation_was_called(
    keys: list[str] | None, office: Office, tier: MemoryTier
) -> None:
    graph = people(ttl=60)
    async with process(graph, office, tier):
        await ask(graph, ANN)
    async with process(graph, office, tier):
        graph.invalidate("hr", "people", keys)
    assert tier.entries == {}


async def test_key_is_not_looked_up_before_its_deletion_is_confirmed(office: Office) -> None:
    class ReadOnly(MemoryTier):
        async def delete_many(self, operation: str, keys: Collection[Hashable] | None) -> None:
            raise OSError

    graph, tier = people(ttl=60), ReadOnly()
    async with process(graph, office, tier):
        await ask(graph, ANN)
    async with process(graph, office, tier):
        graph.invalidate("hr", "people", ["1"])
        office.names["1"] = "Zoe"
        assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}


async def test_entries_expire_as_the_backend_made_them(office: Office, tier: MemoryTier) -> None:
    graph = people(ttl=60, caching={"negative_ttl": 5})
    async with process(graph, office, tier):
        await ask(graph, '{ person(number: "1") { name } seek(number: "99") { name } }')
    ttls = {key: (entry.ttl, entry.negative) for (_, key), entry in tier.entries.items()}
    assert ttls == {"1": (60.0, False), "99": (5.0, True)}


async def test_stale_entry_of_the_process_yields_to_the_tier_and_errors_are_not_offered(
    office: Office, tier: MemoryTier
) -> None:
    now = 0.0
    graph = people(ttl=60, caching={"stale_if_error": 300})
    running = graph.running(transports=fakes(hr=office), timer=lambda: now, chance=lambda: 0.0, second_tier=tier)
    async with running:
        await ask(graph, ANN)
        fresh, now = dict(tier.entries), 75.0
        office.on("GET /people", httpx.Response(500))
        tier.entries.clear()
        answer = await graph.execute(ANN)
        assert answer.extensions["freshness"][0]["because"] == "BACKEND_UNAVAILABLE"
        assert tier.entries == {}
        tier.entries = fresh
        assert (await graph.execute(ANN)).extensions == {}


@pytest.mark.parametrize("kind", [FailingTier, HangingTier])
async def test_tier_that_fails_or_hangs_delays_a_load_by_the_time_limit_only(
    kind: type[MemoryTier], office: Office
) -> None:
    graph, tier = people(ttl=60), kind()
    with capture_logs() as logs:
        async with process(graph, office, tier):
            started = asyncio.get_running_loop().time()
            assert await ask(graph, ANN) == {"person": {"name": "Ann"}}
            assert asyncio.get_running_loop().time() - started < 1
            await ask(graph, RENAME)
            assert await ask(graph, ANN) == {"person": {"name": "Zoe"}}
    if isinstance(tier, HangingTier):
        tier.end.set()
    problems = {line["error"] for line in logs if line["event"] == "second tier failed"}
    assert problems == {"OSError" if kind is FailingTier else "TimeoutError"}


class SlowTier(MemoryTier):
    """A tier that stores and deletes only when it is let."""

    time_limit = 5.0

    def __init__(self) -> None:
        super().__init__()
        self.may_store, self.may_delete, self.deletions = asyncio.Event(), asyncio.Event(), 0

    async def set_many(self, partition: TierPartition, entries: Mapping[Hashable, TierEntry], ttl: float, /) -> None:
        if "slow" in entries:
            await self.may_store.wait()
        await super().set_many(partition, entries, ttl)

    async def delete_many(self, operation: str, keys: Collection[Hashable] | None, /) -> None:
        self.deletions += 1
        await self.may_delete.wait()
        await super().delete_many(operation, keys)


async def test_store_that_begins_during_a_deletion_does_not_survive_its_own_deletion() -> None:
    tier = SlowTier()
    cache = OperationTier(tier, "hr.people", asyncio.create_task)
    old = TierEntry("old", frozenset(), 60)
    cache.delete("other")
    await asyncio.sleep(0)
    cache.offer((), {"slow": old}, 60)
    await asyncio.sleep(0)
    cache.delete("slow")
    tier.may_delete.set()
    await asyncio.sleep(0)
    tier.may_store.set()
    await cache.flush()
    assert tier.entries == {}
    assert await cache.get_many((), ["slow"], frozenset()) == {}


async def test_second_deletion_of_a_key_during_the_first_is_carried_out() -> None:
    tier = SlowTier()
    cache = OperationTier(tier, "hr.people", asyncio.create_task)
    cache.delete("1")
    await asyncio.sleep(0)
    cache.delete("1")
    tier.may_delete.set()
    await cache.flush()
    assert tier.deletions == 2


async def test_tier_that_raises_before_it_returns_an_awaitable_is_no_failure() -> None:
    class Broken(MemoryTier):
        def set_many(self, *_: Any) -> Any:
            raise TypeError

    cache = OperationTier(Broken(), "hr.people", asyncio.create_task)
    cache.offer((), {"1": TierEntry("new", frozenset(), 60)}, 60)
    await cache.flush()
