"""One operation's cache: bounded, timed, aware of fields and of writes, with calls under way shared.

An entry knows which OnDemand fields it was asked with: a narrower question is answered from a wider entry, never the
other way round. A write `forget`s a key: entries and calls from before are then void, also those still under way,
for every viewer and every argument.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import count
from typing import Any

from cachetools import TTLCache

__all__ = ["ALL_KEYS", "Entry", "Flight", "Store"]

ALL_KEYS: Hashable = object()
"""Forgotten with this: every key of the operation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered value, the fields it was asked with, and when (in steps of the store's clock) its call began."""

    value: Any
    fields: frozenset[str]
    began: int


@dataclass(frozen=True, slots=True)
class Flight:
    """A call under way that answers `key`."""

    outcome: asyncio.Future[Any]
    fields: frozenset[str]
    began: int


class Store:
    """Entries and flights by (viewer, arguments, key). `ttl` in seconds, `size` in entries."""

    def __init__(self, ttl: float, size: int, timer: Callable[[], float]) -> None:
        self._entries: TTLCache[Hashable, Entry] = TTLCache(size, ttl, timer)
        self._flights: dict[Hashable, Flight] = {}
        self._forgotten: OrderedDict[Hashable, int] = OrderedDict()
        self._steps = count(1)
        self._floor = 0
        self._size = size

    def begin(self) -> int:
        """The moment a call begins: what is forgotten later voids its answer."""
        return next(self._steps)

    def get(self, slot: Hashable, key: Hashable, fields: frozenset[str]) -> Entry | None:
        """The entry that answers for `fields`, if it is still valid."""
        entry = self._entries.get(slot)
        return entry if entry is not None and fields <= entry.fields and self._valid(key, entry.began) else None

    def put(self, slot: Hashable, key: Hashable, entry: Entry) -> None:
        """Remember, unless the key was forgotten since the call began or what is there knows more fields."""
        known = self._entries.get(slot)
        wider = known is not None and known.fields > entry.fields and self._valid(key, known.began)
        if self._valid(key, entry.began) and not wider:
            self._entries[slot] = entry

    def flight(self, slot: Hashable, key: Hashable, fields: frozenset[str]) -> Flight | None:
        """A call under way whose answer will do."""
        flight = self._flights.get(slot)
        return flight if flight is not None and fields <= flight.fields and self._valid(key, flight.began) else None

    def take_off(self, slot: Hashable, flight: Flight) -> None:
        """Let others wait for this call until its outcome is there."""
        self._flights[slot] = flight
        flight.outcome.add_done_callback(lambda _: self._land(slot, flight))

    def forget(self, key: Hashable) -> None:
        """The key has changed (or everything, with ALL_KEYS)."""
        self._forgotten[key] = next(self._steps)
        self._forgotten.move_to_end(key)
        if len(self._forgotten) > self._size:
            self._floor = self._forgotten.popitem(last=False)[1]

    def __len__(self) -> int:
        return len(self._entries)

    def _valid(self, key: Hashable, began: int) -> bool:
        forgotten = self._forgotten
        return began > self._floor and began > forgotten.get(key, 0) and began > forgotten.get(ALL_KEYS, 0)

    def _land(self, slot: Hashable, flight: Flight) -> None:
        if self._flights.get(slot) is flight:
            del self._flights[slot]
