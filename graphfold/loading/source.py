"""Where the answers of one operation of a backend come from: what other answers brought, the cache, calls that are
under way for somebody else, and the backend. One source for each set of arguments, within one graph operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, Generic, TypeVar

from graphfold.cache.store import Entry, Flight, Store
from graphfold.errors import BackendUnavailable
from graphfold.loading.answer import MISSING, Failed, in_graph
from graphfold.loading.scope import Scope
from graphfold.rows.row import Row

__all__ = ["UNKNOWN", "Fetch", "Source"]

K = TypeVar("K", bound=Hashable)

Fetch = Callable[[list[K]], Awaitable[dict[K, Any]]]
"""Distinct keys in; for each key a row, a list, a page, MISSING or Failed out. Never raises, except when cancelled."""

UNKNOWN: Final = object()
"""Not known without asking."""


class Source(Generic[K]):
    """`fields` are the OnDemand fields asked for; `slot` tells viewers and arguments apart in the shared store.

    `seen` is shown each answer before it enters the graph: a page's rows prime the loads of its items.
    Answers leave it as the graph sees them: graph objects, MISSING or Failed.
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
        self.scope, self._fetch, self._store = scope, fetch, store
        self._slot, self._asked, self._fields, self._seen = slot, asked, fields, seen
        self._brought: dict[K, Any] = {}

    def bring(self, key: K, row: Any) -> None:
        """A row that came with something else: no call of its own for it."""
        self._brought.setdefault(key, row)

    def drop(self, key: K) -> None:
        """The key has changed: what was brought is void."""
        self._brought.pop(key, None)

    def peek(self, key: K) -> Any:
        """The answer where it can be told at once, else UNKNOWN."""
        if key in self._brought:
            return self._in_graph(self._brought[key])
        if self._store is not None and (entry := self._store.get((self._slot, key), key, self._fields)) is not None:
            return self._in_graph(entry.value)
        return UNKNOWN

    async def answers(self, keys: list[K]) -> dict[K, Any]:
        """An answer for each key. Cancelled, each is an error: whoever waits is told, and nobody hangs."""
        try:
            found = await (self._fetch(keys) if self._store is None else self._through(self._store, keys))
        except asyncio.CancelledError:
            return dict.fromkeys(keys, Failed(BackendUnavailable("The call was cancelled.")))
        return {key: self._in_graph(found[key]) for key in keys}

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
        """From calls that others have under way, and the rest from the backend."""
        flights: dict[K, Flight] = {}
        for key in keys:
            flight = store.flight((self._slot, key), key, self._fields)
            if flight is not None:
                flights[key] = flight
        rest = [key for key in keys if key not in flights]
        if rest:
            flights.update(self._depart(store, rest))
        return {key: (await _landed(flight))[key] for key, flight in flights.items()}

    def _depart(self, store: Store, keys: list[K]) -> dict[K, Flight]:
        """Call the backend in a task that outlives this operation: others may come to wait for it."""
        began = store.begin()
        call = self.scope.home.spawn(self._fetch_and_keep(store, keys, began))
        flight = Flight(call, self._fields, began)
        for key in keys:
            store.take_off((self._slot, key), flight)
        return dict.fromkeys(keys, flight)

    async def _fetch_and_keep(self, store: Store, keys: list[K], began: int) -> dict[K, Any]:
        answers = await self._fetch(keys)
        for key, answer in answers.items():
            if not isinstance(answer, Failed) or answer.lasting:
                store.put((self._slot, key), key, Entry(answer, self._fields, began))
        return answers


async def _landed(flight: Flight) -> dict[Any, Any]:
    """The flight's answers. If this waiter is cancelled the flight goes on for the others."""
    if flight.outcome.done():
        return flight.outcome.result()  # type: ignore[no-any-return]  # a task of ours
    answers: dict[Any, Any] = await asyncio.shield(flight.outcome)
    return answers
