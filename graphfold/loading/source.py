"""Find the results of keys: primed rows, the cache, calls that are in flight for other operations, and the backend.

There is one source per backend operation and set of arguments, within one graph operation:

    lookup(keys)                    at once, when a key is enqueued
        primed rows, cache entries, stale entries that are being refreshed
    fetch(keys), fetch_then(keys)   for the other keys, when their dispatch is sent
        in-flight requests          of other operations, joined
        a request of its own        a task that outlives the operation, so that others can join it:
            second tier             if the graph runs with one
            backend                 the author's function

`fetch_then` and `fetch` are one flow, written twice. `fetch_then` serves the loads of a plan: it needs no task to wait
for a request of its own, only a callback. That is the path of nearly every call, and a task costs more than all else
here. `fetch` serves tasks, and the rare cases with several requests to wait for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Collection, Coroutine, Hashable, Mapping
from math import inf
from typing import Any, Generic, TypeVar

from graphfold.cache.cache_view import CacheView
from graphfold.cache.freshness import Freshness
from graphfold.cache.in_flight import FetchOutcome, InFlightRequest
from graphfold.cache.second_tier import OperationTier, TierEntry
from graphfold.deadline import current_deadline, set_current_deadline
from graphfold.errors import BackendUnavailable, DeadlineExceeded, GraphError
from graphfold.loading.load_result import MISSING, Failed, StaleValue, are_graph_objects, to_graph_value
from graphfold.loading.reply_listener import ReplyListener, reply_listener
from graphfold.loading.scope import OperationScope
from graphfold.observer import KeysEvent, notify
from graphfold.rows.row import Row

__all__ = ["Fetch", "Source"]

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

Fetch = Callable[[list[K]], Awaitable[dict[K, Any]]]
"""Takes distinct keys, returns for each a row, list, page, MISSING or Failed. Raises nothing but CancelledError."""


class Source(Generic[K]):
    """The results of one backend operation for one set of arguments: graph objects, `MISSING` or `Failed`.

    `view` is the cache for this viewer and these arguments; None if nothing is cached. `fields` are the OnDemand fields
    that a cache entry must have, `requested_fields` returns them by row class. `on_value` is called with each value
    before it becomes a graph object: the rows of a page prime other loads. `operation` is the backend and operation
    for events.
    """

    def __init__(
        self,
        scope: OperationScope,
        fetch: Fetch[K],
        *,
        view: CacheView | None,
        requested_fields: Callable[[type[Row[Any]]], frozenset[str]],
        fields: frozenset[str],
        on_value: Callable[[Any], None] | None = None,
        operation: tuple[str, str] = ("", ""),
    ) -> None:
        self.scope, self._call_backend, self._view = scope, fetch, view
        self._requested_fields, self._fields, self._on_value = requested_fields, fields, on_value
        self._operation = operation
        self._primed: dict[K, Any] = {}
        self._stored_batches = view.stored_batches if view is not None else 0

    def prime(self, rows: Mapping[K, Any]) -> None:
        """Use rows that another call returned as results: their keys need no call. The first row of a key stays."""
        primed = self._primed
        for key in rows.keys() - primed.keys() if primed else rows:
            primed[key] = rows[key]

    def drop(self, key: K) -> None:
        """Drop the primed row of a key that was changed by a write."""
        self._primed.pop(key, None)

    def lookup(self, keys: Collection[K]) -> dict[K, Any]:
        """Return the results that need no waiting. Every key passes here before it is fetched."""
        if self._view is None:
            self.scope.dependencies.make_uncacheable()
        else:
            self._view.add_dependencies(keys)
        results: dict[K, Any] = {}
        if self._primed:
            results = {key: self._primed[key] for key in keys if key in self._primed}
        if self._view is not None and len(results) < len(keys):
            results = {**self._cached(self._view, keys), **results}
        return self._to_graph(results) if results else results

    def _cached(self, view: CacheView, keys: Collection[K]) -> dict[K, Any]:
        results: dict[K, Any] = view.get_many(keys, self._fields)
        if results and self.scope.observers.keys_found:
            self._notify_found(cached=len(results))
        if view.policy.stale and len(results) < len(keys):
            missing = [key for key in keys if key not in results and key not in self._primed]
            stale = view.get_stale(missing, self._fields, on_error=False)
            if stale:
                self._refresh(view, list(stale))
                results.update({key: StaleValue(value, age, "revalidating") for key, (value, age) in stale.items()})
        return results

    def fetch_then(self, keys: list[K], on_results: Callable[[dict[K, Any]], None]) -> None:
        """Fetch keys and call `on_results` once, with a result for each.

        An error of our own is a result, too: nothing may wait for ever.
        """
        try:
            self._fetch_then(keys, on_results)
        except Exception as error:
            on_results(self._all_failed(keys, error))

    def _fetch_then(self, keys: list[K], on_results: Callable[[dict[K, Any]], None]) -> None:
        view = self._view
        # A request that was in flight during `lookup` may have ended before this dispatch: look again.
        stored = view is not None and view.stored_batches != self._stored_batches
        if view is not None and stored and (cached := view.get_many(keys, self._fields)):
            self._fetch_remaining(keys, cached, on_results)
            return
        in_flight = self._in_flight(view, keys) if view is not None else {}
        if view is None or in_flight:

            async def fetch_then() -> None:
                on_results(await self.fetch(keys, in_flight))

            self.scope.cancel_at_end(_start_task(fetch_then()))
            return

        def on_outcome(outcome: asyncio.Future[FetchOutcome]) -> None:
            if not self.scope.ended:
                on_results(self._results_of(keys, outcome))

        self._start_request(view, keys).outcome.add_done_callback(on_outcome)

    def _fetch_remaining(self, keys: list[K], cached: dict[K, Any], on_results: Callable[[dict[K, Any]], None]) -> None:
        results = self._to_graph(cached)
        missing = [key for key in keys if key not in results]
        if missing:
            self._fetch_then(missing, lambda fetched: on_results(results | fetched))
        else:
            on_results(results)

    async def fetch(self, keys: list[K], in_flight: dict[K, InFlightRequest] | None = None) -> dict[K, Any]:
        """Fetch keys and return a result for each, joining the requests `in_flight` (None: look for them).

        Neither a cancellation nor an error of our own is raised: both are results, so that every waiter gets one.
        """
        try:
            if self._view is None:
                return self._finish(await self._call_backend(keys))
            return self._finish(await self._fetch_shared(self._view, keys, in_flight))
        except asyncio.CancelledError:
            return self._all_failed(keys, BackendUnavailable("The call was cancelled."))
        except Exception as error:
            return self._all_failed(keys, error)

    def _results_of(self, keys: list[K], outcome: asyncio.Future[FetchOutcome]) -> dict[K, Any]:
        try:
            fetched = outcome.result()
            self.scope.dependencies.expire_by(fetched.expires)
            return self._finish(fetched.results)
        except asyncio.CancelledError:
            return self._all_failed(keys, BackendUnavailable("The call was cancelled."))
        except Exception as error:
            return self._all_failed(keys, error)

    def _finish(self, results: dict[K, Any]) -> dict[K, Any]:
        if self._view is not None and self._view.policy.stale_if_error:
            results = self._with_stale_fallbacks(self._view, results)
        return self._to_graph(results)

    def _with_stale_fallbacks(self, view: CacheView, results: dict[K, Any]) -> dict[K, Any]:
        """Replace outages by stale entries. An error that is the backend's answer stays."""
        outages = {key: error for key, result in results.items() if (error := _outage(result)) is not None}
        if not outages:
            return results
        stale = view.get_stale(outages, self._fields, on_error=True).items()
        return results | {key: StaleValue(value, age, outages[key].code, outages[key]) for key, (value, age) in stale}

    def _all_failed(self, keys: list[K], error: Exception) -> dict[K, Any]:
        self.scope.dependencies.make_uncacheable()
        return dict.fromkeys(keys, Failed(error))

    def _to_graph(self, results: dict[K, Any]) -> dict[K, Any]:
        if self._on_value is None and are_graph_objects(results.values()):
            return results
        return {key: self._to_graph_result(result) for key, result in results.items()}

    def _to_graph_result(self, result: Any) -> Any:
        if result is MISSING or isinstance(result, Failed):
            return result
        if isinstance(result, StaleValue):
            value = self._to_graph_result(result.value)
            if isinstance(value, Failed):
                return value
            return StaleValue(value, result.age, result.because, result.error)
        try:
            if self._on_value is not None:
                self._on_value(result)
            return to_graph_value(result, lambda row: row.shape.on_demand - self._requested_fields(row))
        except Exception as error:
            return Failed(error)

    async def _fetch_shared(
        self, view: CacheView, keys: list[K], in_flight: dict[K, InFlightRequest] | None = None
    ) -> dict[K, Any]:
        """Fetch keys by joining requests in flight, and the other keys with a request of their own."""
        if in_flight is None:
            in_flight = self._in_flight(view, keys)
        if not in_flight:
            return (await self._wait_for(self._start_request(view, keys))).results
        own_keys = [key for key in keys if key not in in_flight]
        own = self._start_request(view, own_keys) if own_keys else None
        results: dict[K, Any] = dict((await self._wait_for(own)).results) if own is not None else {}
        unshared: list[K] = []
        for key, request in in_flight.items():
            outcome = await self._wait_for(request)
            if outcome.shared:
                results[key] = outcome.results[key]
            else:
                unshared.append(key)
        if unshared:  # the replies said that they are for their own viewer only
            results |= (await self._wait_for(self._start_request(view, unshared))).results
        late = [key for key in in_flight if _is_late(results[key])]
        if late and self.scope.stop_error() is None:  # the operation that made the request had an earlier deadline
            results |= await self._fetch_shared(view, late)
        return results

    def _start_request(self, view: CacheView, keys: list[K]) -> InFlightRequest:
        """Fetch keys in a task that outlives this operation, because others may join the request."""
        began = view.begin()
        tier = view.second_tier
        work = self._fetch_and_store(view, keys, began) if tier is None else self._fetch_tiered(tier, view, keys, began)
        call = self.scope.resources.spawn(work)
        request = InFlightRequest(call, self._fields, began)
        view.add_in_flight(keys, request)
        return request

    def _refresh(self, view: CacheView, keys: list[K]) -> None:
        """Fetch stale entries anew in the background, unless requests for them are in flight.

        Nothing waits for it, so this operation's deadline does not apply.
        """
        in_flight = view.in_flight(keys, self._fields)
        missing = [key for key in keys if key not in in_flight]
        if missing:
            deadline = current_deadline()
            set_current_deadline(None)
            self._start_request(view, missing)
            set_current_deadline(deadline)

    async def _fetch_and_store(self, view: CacheView, keys: list[K], began: int) -> FetchOutcome:
        listener = ReplyListener(view)
        reply_listener.set(listener)  # this runs in a task, which has a context of its own
        results = await self._call_backend(keys)
        freshness = listener.freshness
        return FetchOutcome(results, self._store(view, results, began, freshness), view.may_store(freshness))

    async def _fetch_tiered(self, tier: OperationTier, view: CacheView, keys: list[K], began: int) -> FetchOutcome:
        """Take what the second tier has, fetch the other keys, and offer their results to the tier."""
        entries = await tier.get_many(view.ident, keys, self._fields)
        values = {key: entry.value for key, entry in entries.items() if not entry.negative}
        missing = {key: MISSING for key, entry in entries.items() if entry.negative}
        expires = inf
        if values:
            expires = view.store(values, self._fields, began, _freshness_of(entries.values()))
        if missing:
            freshness = _freshness_of(entries.values())
            expires = min(expires, view.store(missing, self._fields, began, freshness, negative=True))
        unknown = [key for key in keys if key not in entries]
        if not unknown:
            return FetchOutcome(values | missing, expires, shared=True)
        fetched = await self._fetch_and_store(view, unknown, began)
        listener = reply_listener.get()  # set by `_fetch_and_store`
        if listener is not None:
            new = {key: result for key, result in fetched.results.items() if type(result) not in _NOT_VALUES}
            absent = {key: result for key, result in fetched.results.items() if result is MISSING}
            view.offer(new, self._fields, began, listener.freshness)
            view.offer(absent, self._fields, began, listener.freshness, negative=True)
        return FetchOutcome(values | missing | fetched.results, min(expires, fetched.expires), fetched.shared)

    def _store(self, view: CacheView, results: dict[K, Any], began: int, freshness: Freshness) -> float:
        """Store the results that may be cached. Return the time until which all of them are fresh."""
        if _NOT_VALUES.isdisjoint(map(type, results.values())):
            return view.store(results, self._fields, began, freshness)
        values = {key: result for key, result in results.items() if type(result) not in _NOT_VALUES}
        negative = {key: result for key, result in results.items() if result is MISSING or _is_lasting(result)}
        expires = view.store(values, self._fields, began, freshness) if values else inf
        if negative:
            expires = min(expires, view.store(negative, self._fields, began, freshness, negative=True))
        return expires if len(values) + len(negative) == len(results) else -inf

    def _in_flight(self, view: CacheView, keys: list[K]) -> dict[K, InFlightRequest]:
        requests: dict[K, InFlightRequest] = view.in_flight(keys, self._fields)
        if requests and self.scope.observers.keys_found:
            self._notify_found(joined=len(requests))
        return requests

    def _notify_found(self, *, cached: int = 0, joined: int = 0) -> None:
        notify(self.scope.observers.keys_found, KeysEvent(*self._operation, cached, joined))

    async def _wait_for(self, request: InFlightRequest) -> FetchOutcome:
        """Wait for a request. It goes on for the others if this waiter is cancelled."""
        outcome = request.outcome
        fetched = outcome.result() if outcome.done() else await asyncio.shield(outcome)
        self.scope.dependencies.expire_by(fetched.expires)
        return fetched


def _start_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task; from Python 3.12 on eagerly, which saves one turn of the loop per call."""
    if sys.version_info >= (3, 12):
        return asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
    return asyncio.ensure_future(work)


def _freshness_of(entries: Collection[TierEntry]) -> Freshness:
    """Return the freshness that is safe for all of these entries of the second tier."""
    freshness = Freshness()
    freshness.lifetime = min(entry.ttl for entry in entries)
    freshness.age = max(entry.age for entry in entries)
    freshness.strict = any(entry.strict for entry in entries)
    freshness.body_bytes = sum(entry.size for entry in entries)
    return freshness


_NOT_VALUES = {Failed, type(MISSING)}


def _outage(result: Any) -> GraphError | None:
    error = result.error if isinstance(result, Failed) else None
    return error if isinstance(error, GraphError) and error.is_outage else None


def _is_late(result: Any) -> bool:
    return type(result) is Failed and isinstance(result.error, DeadlineExceeded)


def _is_lasting(result: Any) -> bool:
    return isinstance(result, Failed) and result.lasting
