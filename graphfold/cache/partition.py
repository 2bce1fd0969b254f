"""Cache entries in batches: the results of one request arrive together, expire together and are dropped together.

A request for 500 keys makes one `EntryBatch`, not 500 entries: time, fields and size are tested once per batch, so a
cache hit costs little more than a lookup in a dict.

    CachePartition.entries   key -> EntryBatch    the latest batch with the key
    CachePartition.wider     key -> EntryBatch    an expired batch with more fields, as a fallback for failed calls
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphfold.cache.in_flight import InFlightRequest

__all__ = ["CachePartition", "EntryBatch", "IsUsable", "Lifetime", "count_rows", "last_fitting"]


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Times on the caches' clock.

    The results were made at `made` and are fresh until `expires`; until `stale_until` they are served while they are
    refreshed, until `on_error_until` they replace a failed call.
    """

    made: float
    expires: float
    stale_until: float
    on_error_until: float


IsUsable = Callable[[Hashable, "EntryBatch"], bool]
"""Returns whether the batch's entry for a key can still be served, at least as a stale fallback."""


class CachePartition:
    """The entries and in-flight requests for one kind of viewer and one set of arguments, by key."""

    __slots__ = ("__weakref__", "entries", "field_sets", "in_flight", "stored_batches", "wider")

    def __init__(self) -> None:
        self.entries: dict[Hashable, EntryBatch] = {}
        self.wider: dict[Hashable, EntryBatch] = {}
        """Expired batches with more fields than the batch in `entries`, which may still replace a failed call."""
        self.in_flight: dict[Hashable, InFlightRequest] = {}
        self.stored_batches = 0
        """How many batches were ever stored. A change tells a loader that another lookup may find more."""
        self.field_sets: Counter[frozenset[str]] = Counter()
        """How many batches in the cache have these fields."""

    def batch_with(self, key: Hashable, fields: frozenset[str]) -> EntryBatch | None:
        """Return the latest batch with a key, or the wider one if the latest lacks some of these fields."""
        batch = self.entries.get(key)
        return batch if batch is not None and fields <= batch.fields else self.wider.get(key)

    def has_wider(self, fields: frozenset[str]) -> bool:
        """Return whether any batch has more fields than these. Mostly all batches have the same."""
        field_sets = self.field_sets
        return len(field_sets) > (fields in field_sets) and any(fields < others for others in field_sets)

    def discount(self, fields: frozenset[str]) -> None:
        """Count a dropped batch with these fields."""
        self.field_sets[fields] -= 1
        if not self.field_sets[fields]:
            del self.field_sets[fields]


class EntryBatch:
    """The entries of one request. `values` is never changed, because all waiters of the request share it.

    `began` is the tick of the request, `fields` its OnDemand fields, `useless_after` the time from which no entry can
    be served any more. `live_keys` counts the keys that no later batch has replaced, `rows` and `size` (bytes, by
    estimate) count against the limits. `used`: an entry was served since the batch was last considered for eviction.
    """

    __slots__ = (
        "began",
        "expires",
        "fields",
        "lifetime",
        "live_keys",
        "partition",
        "rows",
        "size",
        "used",
        "useless_after",
        "values",
    )

    def __init__(
        self,
        partition: CachePartition,
        values: Mapping[Hashable, Any],
        fields: frozenset[str],
        began: int,
        lifetime: Lifetime,
        rows: int,
        size: int,
    ) -> None:
        self.partition, self.values, self.fields = partition, values, fields
        self.began, self.lifetime, self.expires = began, lifetime, lifetime.expires
        self.useless_after = max(lifetime.expires, lifetime.stale_until, lifetime.on_error_until)
        self.rows, self.size = rows, size
        self.live_keys = len(values)
        self.used = False

    def insert(self, is_usable: IsUsable) -> list[EntryBatch]:
        """Make this the latest batch of its keys. Return the batches that have no live keys left.

        An older batch with more fields stays in `wider` while `is_usable` accepts it.
        """
        partition, entries = self.partition, self.partition.entries
        may_have_wider = partition.wider or partition.has_wider(self.fields)
        emptied = [batch for batch in self._keep_wider(is_usable) if not batch.live_keys] if may_have_wider else []
        if not entries.keys().isdisjoint(self.values):
            replaced = set[EntryBatch]()
            for key in entries.keys() & self.values.keys():
                batch = entries[key]
                batch.live_keys -= 1
                replaced.add(batch)
            emptied += [batch for batch in replaced if not batch.live_keys]
        entries.update(dict.fromkeys(self.values, self))
        partition.field_sets[self.fields] += 1
        return emptied

    def _keep_wider(self, is_usable: IsUsable) -> set[EntryBatch]:
        """Move usable entries with more fields to `wider`. Return the batches that lost entries there."""
        entries, wider, losers = self.partition.entries, self.partition.wider, set[EntryBatch]()
        for key in self.values:
            old, latest = wider.get(key), entries.get(key)
            if old is not None and not (self.fields < old.fields and is_usable(key, old)):
                del wider[key]
                old.live_keys -= 1
                losers.add(old)
            if key not in wider and latest is not None and self.fields < latest.fields and is_usable(key, latest):
                wider[key] = entries.pop(key)
        return losers

    def remove(self) -> None:
        """Remove the entries of this batch from its partition."""
        entries, wider = self.partition.entries, self.partition.wider
        if not wider and self.live_keys == len(entries):  # the partition has no other batch
            entries.clear()
            return
        for by_key in (entries, wider):
            for key in self.values if by_key else ():
                if by_key.get(key) is self:
                    del by_key[key]


def count_rows(values: Mapping[Any, Any]) -> int:
    """Return the number of rows; a page or a list counts its own, at least one."""
    kinds = set(map(type, values.values()))
    if any(kind is list or hasattr(kind, "items") for kind in kinds):
        return sum(map(_rows_of, values.values()))
    return len(values)


def last_fitting(values: Mapping[Any, Any], max_rows: int) -> dict[Any, Any]:
    """Return as many of the values as fit into this number of rows, beginning with the last."""
    fitting: dict[Any, Any] = {}
    for key in reversed(list(values)):
        rows = _rows_of(values[key])
        if rows <= max_rows:
            fitting[key] = values[key]
            max_rows -= rows
    return fitting


def _rows_of(value: Any) -> int:
    items = value if isinstance(value, list) else getattr(value, "items", None)
    return len(items) or 1 if isinstance(items, list) else 1
