"""The cache of one backend operation: limits, expiry, invalidation and eviction of its entries.

The entries of one request form a batch that knows the OnDemand fields it was requested with: it serves loads that need
fewer fields, never those that need more. `forget` invalidates a key for every viewer and all arguments, together with
requests that are in flight.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable
from weakref import WeakValueDictionary

from graphfold.cache.freshness import Freshness
from graphfold.cache.invalidations import Invalidations
from graphfold.cache.partition import CachePartition, EntryBatch, Lifetime
from graphfold.cache.policy import CachePolicy
from graphfold.cache.reply_cache import ReplyCache
from graphfold.cache.second_tier import OperationTier

__all__ = ["OperationCache"]

JITTER = 0.1
"""The largest part of a ttl that is cut off at random: entries that were made together shall not expire together."""


class OperationCache:
    """The entry batches of one backend operation. `timer` returns seconds, `chance` a number from 0 to 1."""

    def __init__(
        self,
        policy: CachePolicy,
        timer: Callable[[], float],
        chance: Callable[[], float] = random.random,
        second_tier: OperationTier | None = None,
    ) -> None:
        self.second_tier = second_tier
        self.policy, self.timer, self._chance = policy, timer, chance
        self.invalidations = Invalidations(policy.cache_size)
        self.replies = ReplyCache(policy.cache_bytes, lambda: policy.cache_bytes - self._bytes)
        self._batches: OrderedDict[EntryBatch, None] = OrderedDict()  # the next to evict first
        self._rows = self._bytes = 0
        # A partition is kept alive by its batches and by views in use; nobody else needs an empty one.
        self._partitions: WeakValueDictionary[Hashable, CachePartition] = WeakValueDictionary()

    def partition(self, ident: Hashable) -> CachePartition:
        """Return the partition for one kind of viewer and set of arguments."""
        partition = self._partitions.get(ident)
        if partition is None:
            partition = self._partitions[ident] = CachePartition()
        return partition

    def forget(self, key: Hashable) -> None:
        """Invalidate a key, or all with `ALL_KEYS`."""
        self.invalidations.add(key)
        self.replies.clear()
        if self.second_tier is not None:
            self.second_tier.delete(key)

    def are_valid(self, keys: Collection[Hashable], since: int) -> bool:
        """Return whether none of these keys was invalidated since this tick."""
        return self.invalidations.are_valid(keys, since)

    def lifetime(self, freshness: Freshness, *, negative: bool) -> Lifetime:
        """Return the lifetime of results that arrived now: as declared, shorter if the backend says so."""
        policy, now = self.policy, self.timer()
        ttl = policy.effective_negative_ttl if negative else policy.ttl
        expires = now + min(ttl * (1 - JITTER * self._chance()), freshness.lifetime)
        if negative or freshness.strict:
            return Lifetime(now - freshness.age, expires, expires, expires)
        return Lifetime(now - freshness.age, expires, expires + policy.stale, expires + policy.stale_if_error)

    def insert(self, batch: EntryBatch, *, negative: bool) -> None:
        """Store a batch and evict the oldest ones if there is no room. A batch larger than the cache is not stored.

        A negative entry covers all fields, so an older entry with more fields must not serve as its stale fallback.
        """
        if batch.size > self.policy.cache_bytes or batch.useless_after <= self.timer():
            return
        self._make_room(batch)
        for emptied in batch.insert(_never if negative else self._is_usable):
            self._drop(emptied)
        self._batches[batch] = None
        self._rows += batch.rows
        self._bytes += batch.size
        self.replies.shrink()

    def _is_usable(self, key: Hashable, batch: EntryBatch) -> bool:
        return self.timer() < batch.useless_after and self.invalidations.is_valid(key, batch.began)

    def _make_room(self, new: EntryBatch) -> None:
        """Drop useless batches, then the oldest (a CLOCK cache: a batch used since the last pass is spared once)."""
        batches, now, policy = self._batches, self.timer(), self.policy
        while batches:
            batch = next(iter(batches))
            if now < batch.useless_after and not self.invalidations.invalidates_all(batch.began):
                if self._rows + new.rows <= policy.cache_size and self._bytes + new.size <= policy.cache_bytes:
                    return
                if batch.used:
                    batch.used = False
                    batches.move_to_end(batch)
                    continue
            self._drop(batch)
            batch.remove()

    def _drop(self, batch: EntryBatch) -> None:
        del self._batches[batch]
        self._rows -= batch.rows
        self._bytes -= batch.size
        batch.partition.discount(batch.fields)

    def __len__(self) -> int:
        """Return the number of fresh entries."""
        now, invalidates_all = self.timer(), self.invalidations.invalidates_all
        return sum(b.live_keys for b in self._batches if now < b.expires and not invalidates_all(b.began))


def _never(_key: Hashable, _batch: EntryBatch) -> bool:
    return False
