"""Where the answers of one operation of a backend come from: what other answers brought, the cache, calls that are
under way for somebody else, and the backend. One source for each set of arguments, within one graph operation.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from graphfold.cache.freshness import Freshness
from graphfold.cache.shelf import Flight, Landed, Shelf
from graphfold.deadline import current_deadline, set_current_deadline
from graphfold.errors import BackendUnavailable, DeadlineExceeded, GraphError
from graphfold.loading.answer import MISSING, Failed, Stale, are_graph_objects, in_graph
from graphfold.loading.replies import Listener, listening
from graphfold.loading.scope import Scope
from graphfold.observer import KeysEvent, notify
from graphfold.rows.row import Row

__all__ = ["Fetch", "Source"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Fetch = Callable[[list[K]], Awaitable[dict[K, Any]]]
"""Distinct keys in; for each key a row, a list, a page, MISSING or Failed out. Never raises, except when cancelled."""


class Source(Generic[K]):
    """`fields` are the OnDemand fields asked for; `shelf` is what is remembered for this viewer and these arguments.

    `seen` is shown each answer before it enters the graph: a page's rows prime the loads of its items.
    `operation` is the pair of backend and operation, for events.
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
        operation: tuple[str, str] = ("", ""),
    ) -> None:
        self.scope, self._fetch, self._shelf = scope, fetch, shelf
        self._asked, self._fields, self._seen = asked, fields, seen
        self._operation = operation
        self._brought: dict[K, Any] = {}
        self._lots = shelf.lots if shelf is not None else 0

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
            found = {**self._remembered(self._shelf, keys), **found}
        return self._all_in_graph(found) if found else found

    def _remembered(self, shelf: Shelf, keys: Collection[K]) -> dict[K, Any]:
        found: dict[K, Any] = shelf.find(keys, self._fields)
        if found and self.scope.observers.keys_found:
            self._notify_found(cached=len(found))
        if shelf.terms.stale and len(found) < len(keys):
            rest = [key for key in keys if key not in found and key not in self._brought]
            outdated = shelf.outdated(rest, self._fields, on_error=False)
            if outdated:
                self._refresh(shelf, list(outdated))
                found.update({key: Stale(value, age, "revalidating") for key, (value, age) in outdated.items()})
        return found

    def ask(self, keys: list[K], tell: Callable[[dict[K, Any]], None]) -> None:
        """Ask, and `tell` an answer for each key, all at once, when they are there: without a task to wait for it where
        the call is one that nobody has under way. A defect of ours is told, too: nobody waits in vain.
        """
        try:
            self._ask(keys, tell)
        except Exception as error:
            tell(self._all_failed(keys, error))

    def _ask(self, keys: list[K], tell: Callable[[dict[K, Any]], None]) -> None:
        shelf = self._shelf
        if shelf is not None and shelf.lots != self._lots and (found := shelf.find(keys, self._fields)):
            self._ask_rest(keys, found, tell)
            return
        flights = self._in_flight(shelf, keys) if shelf is not None else {}
        if shelf is None or flights:
            self.scope.own(_begun(self._told(keys, flights, tell)))
            return

        def arrived(call: asyncio.Future[Landed]) -> None:
            if not self.scope.ended:
                tell(self._arrived(keys, call))

        self._depart(shelf, keys).outcome.add_done_callback(arrived)

    def _ask_rest(self, keys: list[K], found: dict[K, Any], tell: Callable[[dict[K, Any]], None]) -> None:
        """A call that was under way when the keys were looked up has ended before they were asked for."""
        known = self._all_in_graph(found)
        rest = [key for key in keys if key not in known]
        if rest:
            self._ask(rest, lambda answers: tell(known | answers))
        else:
            tell(known)

    async def _told(self, keys: list[K], flights: dict[K, Flight], tell: Callable[[dict[K, Any]], None]) -> None:
        tell(await self.answers(keys, flights))

    async def answers(self, keys: list[K], flights: dict[K, Flight] | None = None) -> dict[K, Any]:
        """An answer for each key, from these calls under way where that is known already. Cancelled, each is an error:
        whoever waits is told, and nobody hangs.
        """
        try:
            found = await (self._fetch(keys) if self._shelf is None else self._through(self._shelf, keys, flights))
            return self._finished(found)
        except asyncio.CancelledError:
            return self._all_failed(keys, BackendUnavailable("The call was cancelled."))
        except Exception as error:  # a defect of ours: whoever waits is told all the same
            return self._all_failed(keys, error)

    def _arrived(self, keys: list[K], call: asyncio.Future[Landed]) -> dict[K, Any]:
        """The same, of a call that has ended."""
        try:
            landed = call.result()
            self.scope.parts.last(landed.ends)
            return self._finished(landed.answers)
        except asyncio.CancelledError:
            return self._all_failed(keys, BackendUnavailable("The call was cancelled."))
        except Exception as error:
            return self._all_failed(keys, error)

    def _finished(self, found: dict[K, Any]) -> dict[K, Any]:
        if self._shelf is not None and self._shelf.terms.stale_if_error:
            found = self._stood_in(self._shelf, found)
        return self._all_in_graph(found)

    def _stood_in(self, shelf: Shelf, answers: dict[K, Any]) -> dict[K, Any]:
        """What is there from before stands in for calls that failed, but not for what a backend says."""
        failed = {key: error for key, answer in answers.items() if (error := _outage(answer)) is not None}
        if not failed:
            return answers
        found = shelf.outdated(failed, self._fields, on_error=True).items()
        return answers | {key: Stale(value, age, failed[key].code, failed[key]) for key, (value, age) in found}

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
        if isinstance(answer, Stale):
            value = self._in_graph(answer.value)
            return value if isinstance(value, Failed) else Stale(value, answer.age, answer.because, answer.error)
        try:
            if self._seen is not None:
                self._seen(answer)
            return in_graph(answer, lambda row: row.shape.on_demand - self._asked(row))
        except Exception as error:
            return Failed(error)

    async def _through(self, shelf: Shelf, keys: list[K], flights: dict[K, Flight] | None = None) -> dict[K, Any]:
        """From calls that others have under way, and the rest from the backend."""
        if flights is None:
            flights = self._in_flight(shelf, keys)
        if not flights:
            return (await self._landed(self._depart(shelf, keys))).answers
        own = self._depart(shelf, rest) if (rest := [key for key in keys if key not in flights]) else None
        answers: dict[K, Any] = dict((await self._landed(own)).answers) if own is not None else {}
        apart: list[K] = []
        for key, flight in flights.items():
            landed = await self._landed(flight)
            if landed.shared:
                answers[key] = landed.answers[key]
            else:
                apart.append(key)
        if apart:  # for whoever asked, and nobody else
            answers |= (await self._landed(self._depart(shelf, apart))).answers
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

    def _refresh(self, shelf: Shelf, keys: list[K]) -> None:
        """Fetch anew, unless somebody does already. Nobody waits for it, so it has a deadline of its own calls only."""
        flying = shelf.flying(keys, self._fields)
        rest = [key for key in keys if key not in flying]
        if rest:
            around = current_deadline()
            set_current_deadline(None)
            self._depart(shelf, rest)
            set_current_deadline(around)

    async def _fetch_and_keep(self, shelf: Shelf, keys: list[K], began: int) -> Landed:
        listener = Listener(shelf)
        listening.set(listener)  # this is a task of its own
        answers = await self._fetch(keys)
        freshness = listener.freshness
        return Landed(answers, self._keep(shelf, answers, began, freshness), shelf.may_keep(freshness))

    def _keep(self, shelf: Shelf, answers: dict[K, Any], began: int, freshness: Freshness) -> float:
        """Remember what lasts; the time until all of it is good."""
        if _SPECIAL.isdisjoint(map(type, answers.values())):
            return shelf.keep(answers, self._fields, began, freshness)
        values = {key: answer for key, answer in answers.items() if type(answer) not in _SPECIAL}
        negative = {key: answer for key, answer in answers.items() if answer is MISSING or _is_lasting(answer)}
        ends = shelf.keep(values, self._fields, began, freshness) if values else inf
        if negative:
            ends = min(ends, shelf.keep(negative, self._fields, began, freshness, negative=True))
        return ends if len(values) + len(negative) == len(answers) else -inf

    def _in_flight(self, shelf: Shelf, keys: list[K]) -> dict[K, Flight]:
        """Return the calls in flight for these keys."""
        flights: dict[K, Flight] = shelf.flying(keys, self._fields)
        if flights and self.scope.observers.keys_found:
            self._notify_found(joined=len(flights))
        return flights

    def _notify_found(self, *, cached: int = 0, joined: int = 0) -> None:
        notify(self.scope.observers.keys_found, KeysEvent(*self._operation, cached, joined))

    async def _landed(self, flight: Flight) -> Landed:
        """How the flight ended. If this waiter is cancelled the flight goes on for the others."""
        outcome = flight.outcome
        landed = outcome.result() if outcome.done() else await asyncio.shield(outcome)
        self.scope.parts.last(landed.ends)
        return landed


def _begun(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """A task, begun at once where Python can (3.12): that saves a turn of the loop for each call."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    return asyncio.ensure_future(work)


_SPECIAL = {Failed, type(MISSING)}


def _outage(answer: Any) -> GraphError | None:
    error = answer.error if isinstance(answer, Failed) else None
    return error if isinstance(error, GraphError) and error.is_outage else None


def _is_late(answer: Any) -> bool:
    return type(answer) is Failed and isinstance(answer.error, DeadlineExceeded)


def _is_lasting(answer: Any) -> bool:
    return isinstance(answer, Failed) and answer.lasting
