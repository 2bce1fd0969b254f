"""The loads of one operation of a backend, within one operation of the graph: gathered, deduplicated, cached.

aiodataloader gathers the keys. What it does not do is done here: an error belongs to its key, a waiter that is
cancelled does not poison the key for the others, calls end with the operation, and answers outlive it in the cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader

from graphfold.cache.store import Entry, Flight, Store
from graphfold.errors import BackendUnavailable
from graphfold.loading.answer import MISSING, Failed, in_graph
from graphfold.loading.scope import Scope
from graphfold.rows.row import Row

__all__ = ["Fetch", "Loader"]

K = TypeVar("K", bound=Hashable)

Fetch = Callable[[list[K]], Awaitable[dict[K, Any]]]
"""Distinct keys in; for each key a row, a list, a page, MISSING or Failed out. Never raises, except when cancelled."""


class Loader(DataLoader[K, Any], Generic[K]):
    """`fields` are the OnDemand fields asked for; `slot` tells viewers and arguments apart in the shared store.

    `seen` is shown each answer before it enters the graph: a page's rows prime the loads of its items.
    """

    def __init__(
        self,
        scope: Scope,
        fetch: Fetch[K],
        *,
        store: Store | None,
        slot: Hashable,
        asked: Callable[[type[Row[Any]]], frozenset[str]],
        fields: frozenset[str],
        seen: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._brought: dict[K, Any] = {}
        self._seen = seen
        self._scope, self._fetch, self._store = scope, fetch, store
        self._slot, self._asked, self._fields = slot, asked, fields

    async def batch_load_fn(self, keys: list[K]) -> list[Any]:
        task = asyncio.current_task()
        if task is not None:
            self._scope.own(task)
        try:
            answers = await self._answers(keys)
        except asyncio.CancelledError:
            return [Failed(BackendUnavailable("The call was cancelled."))] * len(keys)
        return [self._in_graph(answers[key]) for key in keys]

    def bring(self, key: K, row: Any) -> None:
        """A row that came with something else: no call of its own for it."""
        self._brought.setdefault(key, row)

    def drop(self, key: K) -> None:
        """The key has changed: load it anew."""
        self._brought.pop(key, None)
        self.clear(key)

    async def _answers(self, keys: list[K]) -> dict[K, Any]:
        found: dict[K, Any] = {key: self._brought[key] for key in keys if key in self._brought}
        rest = [key for key in keys if key not in found] if found else keys
        if rest:
            found.update(await (self._fetch(rest) if self._store is None else self._through(self._store, rest)))
        return found

    def _in_graph(self, answer: Any) -> Any:
        if answer is MISSING or isinstance(answer, Failed):
            return answer
        try:
            if self._seen is not None:
                self._seen(answer)
            return in_graph(answer, lambda row: row.shape.on_demand - self._asked(row))
        except Exception as error:
            return Failed(error)

    async def _through(self, store: Store, keys: list[K]) -> dict[K, Any]:
        """From the cache, from calls that others have under way, and the rest from the backend."""
        found: dict[K, Any] = {}
        flights: dict[K, Flight] = {}
        for key in keys:
            slot = (self._slot, key)
            if (entry := store.get(slot, key, self._fields)) is not None:
                found[key] = entry.value
            elif (flight := store.flight(slot, key, self._fields)) is not None:
                flights[key] = flight
        rest = [key for key in keys if key not in found and key not in flights]
        if rest:
            flights.update(self._depart(store, rest))
        for key, flight in flights.items():
            found[key] = (await _landed(flight))[key]
        return found

    def _depart(self, store: Store, keys: list[K]) -> dict[K, Flight]:
        """Call the backend in a task that outlives this operation: others may come to wait for it."""
        began = store.begin()
        call = self._scope.home.spawn(self._fetch_and_keep(store, keys, began))
        flight = Flight(call, self._fields, began)
        for key in keys:
            store.take_off((self._slot, key), flight)
        return dict.fromkeys(keys, flight)

    async def _fetch_and_keep(self, store: Store, keys: list[K], began: int) -> dict[K, Any]:
        answers = await self._fetch(keys)
        for key, answer in answers.items():
            if not isinstance(answer, Failed):
                store.put((self._slot, key), key, Entry(answer, self._fields, began))
        return answers


async def _landed(flight: Flight) -> dict[Any, Any]:
    """The flight's answers. If this waiter is cancelled the flight goes on for the others."""
    answers: dict[Any, Any] = await asyncio.shield(flight.outcome)
    return answers
