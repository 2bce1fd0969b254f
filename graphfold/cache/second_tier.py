"""The seam for a second cache tier: a cache that several processes share, behind the process's own.

    lookup in the process's own cache -> second tier -> backend

It is asked in the task of a fetch, for keys that the process's own cache does not have. Keys found there are not
fetched; keys that were fetched are offered to it in the background; invalidations are passed on to it. Whatever goes
wrong in the tier is logged and treated as "not found", after `SecondTier.time_limit` at the latest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Hashable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, Protocol, TypeVar

import structlog

from graphfold.cache.invalidations import ALL_KEYS
from graphfold.deadline import cap_to_deadline

__all__ = ["OperationTier", "SecondTier", "TierEntry", "TierPartition"]

T = TypeVar("T")

_log = structlog.get_logger("graphfold.cache")


class TierPartition(NamedTuple):
    """What separates entries with equal keys. Entries of one partition must never be served from another.

    `operation` is a backend operation such as `crm.customers`. `ident` consists of the viewer's slot (`viewer.Slot`:
    how far entries are shared, tenant, viewer), the variant (the request headers that are passed on and that replies
    depend on) and the further arguments of the operation. It is hashable, made of plain data and frozen dataclasses.
    """

    operation: str
    ident: Hashable


@dataclass(frozen=True, slots=True)
class TierEntry:
    """A value for one key, as the process's cache holds it. How it is serialized is the tier's matter.

    `value` is a row, a list or a `Page` of rows, or whatever else the author's function returns for a key; it must not
    be changed. A `negative` entry says that the backend does not have the key; its value is None. Errors, also those
    that the process's cache remembers as a backend's final answer, are never offered.

    `fields` are the OnDemand fields that the value was loaded with, `size` its share of the backend's reply in bytes,
    which counts against the `cache_bytes` of the process that loads it. `ttl` is for how many seconds from now the
    entry is fresh, `age` how many seconds ago the backend made it; a tier returns both as of the time of the lookup.
    `strict`: the backend forbids serving the value stale.
    """

    value: Any
    fields: frozenset[str]
    ttl: float
    age: float = 0.0
    size: int = 0
    negative: bool = False
    strict: bool = False


class SecondTier(Protocol):
    """A cache shared by several processes. Pass it to `Graph.running(second_tier=...)`.

    Methods may raise anything. Those that take longer than `time_limit` are cancelled, and what they return is ignored.
    """

    @property
    def time_limit(self) -> float:
        """The seconds that a call may take, and so the longest delay of a load. The deadline may allow less."""
        ...

    async def get_many(
        self, partition: TierPartition, keys: Collection[Hashable], fields: frozenset[str], /
    ) -> Mapping[Hashable, TierEntry]:
        """Return the fresh entries of these keys that have at least these fields. Leave out the other keys.

        The key of a read is an object made of its arguments. It is hashable, and equal for equal calls.
        """
        ...

    async def set_many(self, partition: TierPartition, entries: Mapping[Hashable, TierEntry], ttl: float, /) -> None:
        """Store entries for at most `ttl` seconds. They are of one fetch: fields, age and ttl are the same for all."""
        ...

    async def delete_many(self, operation: str, keys: Collection[Hashable] | None, /) -> None:
        """Delete the entries of these keys, or of the whole operation with None, in all partitions.

        A fetch that began in another process before the deletion may store its result after it. The entry then lives
        until its `ttl`, as it would in that process's own cache.
        """
        ...


class OperationTier:
    """The second tier as the cache of one backend operation uses it: with a time limit, and never raising.

    Deletions run in the background. Until the tier has confirmed the deletion of a key, the key is not looked up:
    otherwise a load right after a write could find the value from before it. A deletion waits for the stores that are
    running, and one that failed is tried again with the next lookup.
    """

    def __init__(
        self,
        tier: SecondTier,
        operation: str,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        max_undeleted: int = 10_000,
    ) -> None:
        self._tier, self._operation, self._spawn, self._max_undeleted = tier, operation, spawn, max_undeleted
        self._undeleted: dict[Hashable, int] = {}  # key -> the number of its latest deletion
        self._deletions = count(1)
        self._deletion: asyncio.Task[None] | None = None
        self._stores: set[asyncio.Task[None]] = set()

    async def get_many(
        self, ident: Hashable, keys: Collection[Hashable], fields: frozenset[str]
    ) -> dict[Hashable, TierEntry]:
        """Return the entries that the tier has in time, by key."""
        if self._undeleted:
            self._start_deletion()
            if ALL_KEYS in self._undeleted:
                return {}
            keys = [key for key in keys if key not in self._undeleted]
        limit = cap_to_deadline(self._tier.time_limit)
        if not keys or limit <= 0:
            return {}
        return await self._limited(self._lookup(ident, set(keys), fields), limit, {})

    async def _lookup(self, ident: Hashable, keys: set[Hashable], fields: frozenset[str]) -> dict[Hashable, TierEntry]:
        found = await self._tier.get_many(TierPartition(self._operation, ident), keys, fields)
        undeleted = self._undeleted  # keys may have been deleted during the lookup
        if ALL_KEYS in undeleted:
            return {}
        return {
            key: entry
            for key, entry in found.items()
            if key in keys and key not in undeleted and entry.ttl > 0 and fields <= entry.fields
        }

    def offer(self, ident: Hashable, entries: Mapping[Hashable, TierEntry], ttl: float) -> None:
        """Store entries in the background, except for keys whose deletion is not confirmed."""
        if ALL_KEYS in self._undeleted:
            return
        entries = {key: entry for key, entry in entries.items() if key not in self._undeleted}
        if entries and ttl > 0:
            work = self._store(TierPartition(self._operation, ident), entries, ttl)
            task = self._spawn(self._limited(work, self._tier.time_limit, None))
            self._stores.add(task)
            task.add_done_callback(self._stores.discard)

    async def _store(self, partition: TierPartition, entries: Mapping[Hashable, TierEntry], ttl: float) -> None:
        await self._tier.set_many(partition, entries, ttl)

    def delete(self, key: Hashable) -> None:
        """Delete a key in the background, or all with `ALL_KEYS`."""
        if key is ALL_KEYS or len(self._undeleted) >= self._max_undeleted:
            self._undeleted = {ALL_KEYS: next(self._deletions)}
        else:
            self._undeleted[key] = next(self._deletions)
        self._start_deletion()

    async def flush(self) -> None:
        """Wait until the stores and the deletion that are running have ended."""
        if self._deletion is not None:
            await asyncio.wait((self._deletion, *self._stores))
        elif self._stores:
            await asyncio.wait(self._stores)

    def _start_deletion(self) -> None:
        if self._deletion is None or self._deletion.done():
            self._deletion = self._spawn(self._delete())

    async def _delete(self) -> None:
        while self._undeleted:
            # Taken before the stores are awaited: the next round awaits the stores that begin meanwhile.
            deleting = dict(self._undeleted)
            if stores := list(self._stores):
                await asyncio.wait(stores)
            work = self._remove(None if ALL_KEYS in deleting else frozenset(deleting))
            if not await self._limited(work, self._tier.time_limit, default=False):
                return  # until the next lookup
            # A key that was deleted again meanwhile has a new number, and is deleted again.
            self._undeleted = {key: number for key, number in self._undeleted.items() if deleting.get(key) != number}

    async def _remove(self, keys: frozenset[Hashable] | None) -> bool:
        await self._tier.delete_many(self._operation, keys)
        return True

    async def _limited(self, work: Coroutine[Any, Any, T], seconds: float, default: T) -> T:
        """Return what the tier returns, or the default if it fails or takes too long."""
        # Not `asyncio.timeout`: that would wait for a tier that ignores its cancellation.
        task = asyncio.ensure_future(work)
        task.add_done_callback(_retrieve_exception)
        try:
            await asyncio.wait((task,), timeout=seconds)
            if task.done() and not task.cancelled():
                return task.result()
            problem = "CancelledError" if task.done() else "TimeoutError"
        except Exception as error:
            problem = type(error).__name__
        finally:
            task.cancel()
        _log.warning("second tier failed", operation=self._operation, error=problem)
        return default


def _retrieve_exception(task: asyncio.Task[Any]) -> None:
    """Keep asyncio from logging an exception that is raised after the time limit."""
    if not task.cancelled():
        task.exception()
