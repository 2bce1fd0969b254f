"""One operation's cache: bounded, timed, aware of fields and of writes, with calls under way shared.

An entry knows which OnDemand fields it was asked with: a narrower question is answered from a wider entry, never the
other way round. A write `forget`s a key: entries and calls from before are then void, also those still under way,
for every viewer and every argument. Keys come many at a time, as they do in a batch.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from math import inf
from typing import Any

from cachetools import LRUCache

from graphfold.cache.parts import Parts, moment

__all__ = ["ALL_KEYS", "Flight", "Shelf", "Store"]

ALL_KEYS: Hashable = object()
"""Forgotten with this: every key of the operation."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered value, the fields it was asked with, the moment its call began and the time it ends.

    `size` counts its rows, at least one: a page of a thousand takes the room of a thousand.
    """

    value: Any
    fields: frozenset[str]
    began: int
    ends: float
    size: int


@dataclass(frozen=True, slots=True)
class Flight:
    """A call under way. Its outcome is a mapping of its keys to their answers, and the time until all are good."""

    outcome: asyncio.Future[tuple[dict[Any, Any], float]]
    fields: frozenset[str]
    began: int


class Store:
    """The entries and flights of one operation of a backend. `ttl` in seconds, `size` in rows."""

    def __init__(self, ttl: float, size: int, timer: Callable[[], float]) -> None:
        self.ttl, self.timer = ttl, timer
        self.entries: LRUCache[tuple[int, Hashable], Entry] = LRUCache(size, lambda entry: entry.size)
        self.flights: dict[tuple[int, Hashable], Flight] = {}
        self._shelves: LRUCache[Hashable, int] = LRUCache(size)
        self._numbers = count()
        self._forgotten: OrderedDict[Hashable, int] = OrderedDict()
        self._floor = self._last = 0

    def shelf(self, slot: Hashable, parts: Parts | None = None) -> Shelf:
        """What is remembered for one kind of viewer and one set of arguments. `parts` are told what is used of it."""
        number = self._shelves.get(slot)
        if number is None:
            number = self._shelves[slot] = next(self._numbers)
        return Shelf(self, number, parts or Parts())

    def begin(self) -> int:
        """The moment a call begins: what is forgotten later voids its answer."""
        return moment()

    def forget(self, key: Hashable) -> None:
        """The key has changed (or everything, with ALL_KEYS)."""
        self._forgotten[key] = self._last = moment()
        self._forgotten.move_to_end(key)
        if len(self._forgotten) > self.entries.maxsize:
            self._floor = self._forgotten.popitem(last=False)[1]

    def valid(self, key: Hashable, began: int) -> bool:
        """Was nothing forgotten that concerns the key since a call began?"""
        forgotten = self._forgotten
        if not forgotten:
            return began > self._floor
        return began > self._floor and began > forgotten.get(key, 0) and began > forgotten.get(ALL_KEYS, 0)

    def spared(self, keys: Collection[Hashable], since: int) -> bool:
        """Was none of these keys forgotten since this moment? What was forgotten last is looked at first."""
        if since > self._last:
            return True
        for key, when in reversed(self._forgotten.items()):
            if when <= since:
                break
            if key is ALL_KEYS or key in keys:
                return False
        return since > self._floor

    def __len__(self) -> int:
        return len(self.entries)


class Shelf:
    """A store's entries of one kind of viewer and one set of arguments, by key."""

    __slots__ = ("_number", "_parts", "_store")

    def __init__(self, store: Store, number: int, parts: Parts) -> None:
        self._store, self._number, self._parts = store, number, parts

    def use(self, keys: Iterable[Any]) -> None:
        """These keys go into the answer, wherever their values come from."""
        self._parts.use(self._store, keys)

    def find(self, keys: Iterable[Any], fields: frozenset[str]) -> dict[Any, Any]:
        """The values that are remembered with these fields, by key."""
        store, number = self._store, self._number
        get, valid, now = store.entries.get, store.valid, store.timer()
        found: dict[Any, Any] = {}
        ends = [inf]
        for key in keys:
            entry = get((number, key))
            if entry is not None and now < entry.ends and fields <= entry.fields and valid(key, entry.began):
                found[key] = entry.value
                ends.append(entry.ends)
        self._parts.last(min(ends))
        return found

    def keep(self, answers: Mapping[Any, Any], fields: frozenset[str], began: int) -> float:
        """Remember, unless a key was forgotten since the call began or what is there knows more fields.

        Gives the time until these answers are good, remembered or not.
        """
        store, number = self._store, self._number
        entries, ends = store.entries, store.timer() + store.ttl
        for key, value in answers.items():
            size = _rows(value)
            if size > entries.maxsize:
                continue  # it would drive out everything else
            if store.valid(key, began) and not (fields and self._knows_more(key, fields)):
                entries[number, key] = Entry(value, fields, began, ends, size)
        return ends

    def flying(self, keys: Iterable[Any], fields: frozenset[str]) -> dict[Any, Flight]:
        """The calls under way whose answers will do, by key."""
        store, number = self._store, self._number
        if not store.flights:
            return {}
        found: dict[Any, Flight] = {}
        for key in keys:
            flight = store.flights.get((number, key))
            if flight is not None and fields <= flight.fields and store.valid(key, flight.began):
                found[key] = flight
        return found

    def depart(self, keys: list[Any], flight: Flight) -> None:
        """Let others wait for this call until its outcome is there."""
        flights, slots = self._store.flights, [(self._number, key) for key in keys]
        flights.update(dict.fromkeys(slots, flight))

        def land(_: object) -> None:
            for slot in slots:
                if flights.get(slot) is flight:
                    del flights[slot]

        flight.outcome.add_done_callback(land)

    def begin(self) -> int:
        return self._store.begin()

    def _knows_more(self, key: Any, fields: frozenset[str]) -> bool:
        known = self._store.entries.get((self._number, key))
        return (
            known is not None
            and known.fields > fields
            and self._store.timer() < known.ends
            and self._store.valid(key, known.began)
        )


def _rows(value: Any) -> int:
    """How many rows an answer holds: those of a page or a list, else one."""
    listed = value if isinstance(value, list) else getattr(value, "items", None)
    return len(listed) or 1 if isinstance(listed, list) else 1
