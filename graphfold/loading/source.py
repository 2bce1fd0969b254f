"""Where the answers of one operation of a backend come from: what other answers brought, the cache, calls that are
under way for somebody else, and the backend. One source for each set of arguments, within one graph operation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from graphfold.cache.shelf import Flight, Shelf
from graphfold.errors import BackendUnavailable, DeadlineExceeded
from graphfold.loading.answer import MISSING, Failed, are_graph_objects, in_graph
from graphfold.loading.scope import Scope
from graphfold.rows.row import Row

__all__ = ["Fetch", "Source"]

K = TypeVar("K", bound=Hashable)

Fetch = Callable[[list[K]], Awaitable[dict[K, Any]]]
"""Distinct keys in; for each key a row, a list, a page, MISSING or Failed out. Never raises, except when cancelled."""


class Source(Generic[K]):
    """`fields` are the OnDemand fields asked for; `shelf` is what is remembered for this viewer and these arguments.

    `seen` is shown each answer before it enters the graph: a page's rows prime the loads of its items.
    Answers leave it as the graph sees them: graph objects, MISSING or Failed.
    """

    def __init__(
        self,
        scope: Scope,
        fetch: Fetch[K],
        *,
        shelf: Shelf | None,
        asked: Callable[[type[Row[Any]]], frozenset[str]],
        fields: frozenset[str],
        seen: Callable[[Any], None] | None = None,
    ) -> None:
        self.scope, self._fetch, self._shelf = scope, fetch, shelf
        self._asked, self._fields, self._seen = asked, fields, seen
        self._brought: dict[K, Any] = {}

    def bring(self, rows: Mapping[K, Any]) -> None:
        """Rows that came with something else: no call of their own for them."""
        brought = self._brought
        for key in rows.keys() - brought.keys() if brought else rows:
            brought[key] = rows[key]

    def drop(self, key: K) -> None:
        """The key has changed: what was brought is void."""
        self._brought.pop(key, None)

    def known(self, keys: Collection[K]) -> dict[K, Any]:
        """The answers that can be told at once. Every key passes here first."""
        if self._shelf is None:
            self.scope.parts.spoil()
        else:
            self._shelf.use(keys)
        found: dict[K, Any] = {}
        if self._brought:
            found = {key: self._brought[key] for key in keys if key in self._brought}
        if self._shelf is not None and len(found) < len(keys):
            found = {**self._shelf.find(keys, self._fields), **found}
        return self._all_in_graph(found) if found else found

    async def answers(self, keys: list[K]) -> dict[K, Any]:
        """An answer for each key. Cancelled, each is an error: whoever waits is told, and nobody hangs."""
        try:
            found = await (self._fetch(keys) if self._shelf is None else self._through(self._shelf, keys))
        except asyncio.CancelledError:
            return self._all_failed(keys, BackendUnavailable("The call was cancelled."))
        except Exception as error:  # a defect of ours: whoever waits is told all the same
            return self._all_failed(keys, error)
        return self._all_in_graph(found)

    def _all_failed(self, keys: list[K], error: Exception) -> dict[K, Any]:
        self.scope.parts.spoil()
        return dict.fromkeys(keys, Failed(error))

    def _all_in_graph(self, answers: dict[K, Any]) -> dict[K, Any]:
        if self._seen is None and are_graph_objects(answers.values()):
            return answers
        return {key: self._in_graph(answer) for key, answer in answers.items()}

    def _in_graph(self, answer: Any) -> Any:
        if answer is MISSING or isinstance(answer, Failed):
            return answer
        try:
            if self._seen is not None:
                self._seen(answer)
            return in_graph(answer, lambda row: row.shape.on_demand - self._asked(row))
        except Exception as error:
            return Failed(error)

    async def _through(self, shelf: Shelf, keys: list[K]) -> dict[K, Any]:
        """From calls that others have under way, and the rest from the backend."""
        flights = shelf.flying(keys, self._fields)
        if not flights:
            return await self._landed(self._depart(shelf, keys))
        rest = [key for key in keys if key not in flights]
        answers: dict[K, Any] = dict(await self._landed(self._depart(shelf, rest))) if rest else {}
        for key, flight in flights.items():
            answers[key] = (await self._landed(flight))[key]
        late = [key for key in flights if _is_late(answers[key])]
        if late and self.scope.over() is None:  # whoever made the call had less time than there is here
            answers |= await self._through(shelf, late)
        return answers

    def _depart(self, shelf: Shelf, keys: list[K]) -> Flight:
        """Call the backend in a task that outlives this operation: others may come to wait for it."""
        began = shelf.begin()
        call = self.scope.home.spawn(self._fetch_and_keep(shelf, keys, began))
        flight = Flight(call, self._fields, began)
        shelf.depart(keys, flight)
        return flight

    async def _fetch_and_keep(self, shelf: Shelf, keys: list[K], began: int) -> tuple[dict[K, Any], float]:
        answers = await self._fetch(keys)
        lasting = answers
        if Failed in set(map(type, answers.values())):
            lasting = {k: answer for k, answer in answers.items() if type(answer) is not Failed or answer.lasting}
        ends = shelf.keep(lasting, self._fields, began)
        return answers, ends if len(lasting) == len(answers) else -inf

    async def _landed(self, flight: Flight) -> dict[Any, Any]:
        """The flight's answers. If this waiter is cancelled the flight goes on for the others."""
        outcome = flight.outcome
        answers, ends = outcome.result() if outcome.done() else await asyncio.shield(outcome)
        self.scope.parts.last(ends)
        return answers


def _is_late(answer: Any) -> bool:
    return type(answer) is Failed and isinstance(answer.error, DeadlineExceeded)
