"""An operation's cache as one graph operation uses it: the entries and requests for its viewer and its arguments."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from math import inf
from typing import Any

from graphfold.cache.dependencies import AnswerDependencies
from graphfold.cache.freshness import Freshness
from graphfold.cache.in_flight import InFlightRequest
from graphfold.cache.invalidations import next_tick
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.partition import EntryBatch, count_rows, last_fitting
from graphfold.cache.second_tier import TierEntry

__all__ = ["CacheView"]


ENTRY_OVERHEAD = 200
"""Bytes that an entry needs beside its share of the reply, by estimate: its object, its key, its place in two dicts."""

_UNSPECIFIED = Freshness()


class CacheView:
    """One partition of an operation's cache. `ident` names the partition: viewer slot, variant and arguments.

    `dependencies` are those of the running operation's answer; they record what the view serves.
    """

    __slots__ = ("_cache", "_dependencies", "_partition", "ident", "policy", "replies", "second_tier")

    def __init__(self, cache: OperationCache, ident: Hashable, dependencies: AnswerDependencies | None = None) -> None:
        self._cache, self.ident, self._partition = cache, ident, cache.partition(ident)
        self._dependencies = dependencies or AnswerDependencies()
        self.policy, self.replies, self.second_tier = cache.policy, cache.replies, cache.second_tier

    @property
    def stored_batches(self) -> int:
        """How many batches were stored in the partition so far: after a change there is more to find."""
        return self._partition.stored_batches

    def add_dependencies(self, keys: Iterable[Any]) -> None:
        """Record that the answer contains results for these keys, wherever they come from."""
        self._dependencies.add_keys(self._cache, keys)

    def begin(self) -> int:
        """Return the tick at which a request begins: a later invalidation makes its results invalid."""
        return next_tick()

    def get_many(self, keys: Collection[Any], fields: frozenset[str]) -> dict[Any, Any]:
        """Return the fresh values with these fields, by key."""
        entries = self._partition.entries
        if not entries:
            return {}
        batches = {batch for batch in set(map(entries.get, keys)) if batch is not None and self._serves(batch, fields)}
        if not batches:
            return {}
        for batch in batches:
            batch.used = True
        self._dependencies.expire_by(min(batch.expires for batch in batches))
        return self._valid_values(batches, keys)

    def _serves(self, batch: EntryBatch, fields: frozenset[str]) -> bool:
        return self._cache.timer() < batch.expires and fields <= batch.fields

    def _valid_values(self, batches: set[EntryBatch], keys: Collection[Any]) -> dict[Any, Any]:
        entries, invalidations = self._partition.entries, self._cache.invalidations
        if len(batches) == 1:  # nearly always, and it halves the cost
            (only,) = batches
            values = only.values
            found = {key: values[key] for key in keys if entries.get(key) is only}
        else:
            found = {
                key: batch.values[key] for key in keys if (batch := entries.get(key)) in batches and batch is not None
            }
        if all(batch.began > invalidations.last for batch in batches):
            return found
        return {key: value for key, value in found.items() if invalidations.is_valid(key, entries[key].began)}

    def get_stale(
        self, keys: Collection[Any], fields: frozenset[str], *, on_error: bool
    ) -> dict[Any, tuple[Any, float]]:
        """Return expired values that may still be served, with their ages in seconds.

        They are served while they are refreshed or, with `on_error`, instead of a failed call.
        """
        partition, now, is_valid = self._partition, self._cache.timer(), self._cache.invalidations.is_valid
        entries, wider = partition.entries, partition.wider
        found: dict[Any, tuple[Any, float]] = {}
        for key in keys:
            batch = partition.batch_with(key, fields) if wider else entries.get(key)
            if batch is not None and fields <= batch.fields and is_valid(key, batch.began):
                lifetime = batch.lifetime
                if now < (lifetime.on_error_until if on_error else lifetime.stale_until):
                    batch.used = True
                    found[key] = batch.values[key], now - lifetime.made
        if found:
            self._dependencies.make_uncacheable()
        return found

    def store(
        self,
        results: Mapping[Any, Any],
        fields: frozenset[str],
        began: int,
        freshness: Freshness | None = None,
        *,
        negative: bool = False,
    ) -> float:
        """Store results, except for keys that were invalidated since or have an entry with more fields.

        Return the time until which the results are fresh, whether they were stored or not.
        """
        cache, freshness = self._cache, freshness or _UNSPECIFIED
        lifetime = cache.lifetime(freshness, negative=negative)
        if not self.may_store(freshness):
            return -inf
        values = self._storable(results, fields, began)
        rows = count_rows(values)
        if rows > self.policy.cache_size:
            values = last_fitting(values, self.policy.cache_size)
            rows = count_rows(values)
        if values:
            self._partition.stored_batches += 1
            size = freshness.body_bytes + ENTRY_OVERHEAD * rows
            cache.insert(EntryBatch(self._partition, values, fields, began, lifetime, rows, size), negative=negative)
        return lifetime.expires

    def offer(
        self,
        results: Mapping[Any, Any],
        fields: frozenset[str],
        began: int,
        freshness: Freshness,
        *,
        negative: bool = False,
    ) -> None:
        """Offer fetched results to the second tier, as far as they may be stored and were not invalidated since."""
        if self.second_tier is None or not self.may_store(freshness):
            return
        now, is_valid = self._cache.timer(), self._cache.invalidations.is_valid
        lifetime = self._cache.lifetime(freshness, negative=negative)
        ttl, age, size = lifetime.expires - now, now - lifetime.made, freshness.body_bytes // max(len(results), 1)
        entries = {
            key: TierEntry(None if negative else result, fields, ttl, age, size, negative, freshness.strict)
            for key, result in results.items()
            if is_valid(key, began)
        }
        self.second_tier.offer(self.ident, entries, ttl)

    def may_store(self, freshness: Freshness) -> bool:
        """Return whether the replies allow serving the results to all viewers of this partition."""
        return freshness.storable and not (freshness.private and self.policy.share != "viewer")

    def _storable(self, results: Mapping[Any, Any], fields: frozenset[str], began: int) -> Mapping[Any, Any]:
        invalidations = self._cache.invalidations
        if began < invalidations.last:
            results = {key: value for key, value in results.items() if invalidations.is_valid(key, began)}
        if self._partition.has_wider(fields):
            results = {key: value for key, value in results.items() if not self._has_wider_entry(key, fields)}
        return results

    def _has_wider_entry(self, key: Any, fields: frozenset[str]) -> bool:
        batch = self._partition.entries.get(key)
        return (
            batch is not None
            and fields < batch.fields
            and self._cache.timer() < batch.expires
            and self._cache.invalidations.is_valid(key, batch.began)
        )

    def in_flight(self, keys: Collection[Any], fields: frozenset[str]) -> dict[Any, InFlightRequest]:
        """Return the requests in flight that will bring these keys with these fields."""
        requests = self._partition.in_flight
        if not requests or requests.keys().isdisjoint(keys):
            return {}
        is_valid = self._cache.invalidations.is_valid
        found = ((key, requests[key]) for key in keys if key in requests)
        return {
            key: request
            for key, request in found
            # A request that is done has its entries in the cache, though its callback has not run yet.
            if fields <= request.fields and is_valid(key, request.began) and not request.outcome.done()
        }

    def add_in_flight(self, keys: Collection[Any], request: InFlightRequest) -> None:
        """Let others join a request until it ends."""
        requests = self._partition.in_flight
        requests.update(dict.fromkeys(keys, request))

        def remove(_: object) -> None:
            for key in keys:
                if requests.get(key) is request:
                    del requests[key]

        request.outcome.add_done_callback(remove)
