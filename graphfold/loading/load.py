"""Gather the loads of many resolvers into dispatches, without a future or a task per load.

`await crm.customers.load(key)` waits for a `Load`. It costs three attributes, and all loads of one dispatch share one
future, `Dispatch.done`:

    load("a") -- Load --.
    load("b") -- Load --+-- Dispatch {a, b} -- two turns of the loop -- Source -- results of a and b
    load("a") -- Load --'         done: the only future

Whoever runs resolvers level by level (`graphfold.execution`) recognizes a `Load` that a coroutine yields and resumes
the coroutine when the load's dispatch has results. Anything else in asyncio (a task, `gather`, `wait`, `shield`) only
knows futures. For these a `Load` imitates one: it yields itself with `_asyncio_future_blocking` set, which is how a
task recognizes a future, and makes a real future when one of its methods is called.

A key is enqueued when `load` is called, not when the load is awaited: two loads before the first await are one call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Mapping
from contextvars import Context
from typing import Any, Generic, TypeVar

from graphfold.deadline import deadline_exceeded
from graphfold.loading.load_result import Failed
from graphfold.loading.source import Source

_FUTURE_METHODS = {"done", "result", "exception", "cancel", "cancelled", "remove_done_callback"}

__all__ = ["Dispatch", "Load", "Loader", "dispatched_results"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Dispatch:
    """The keys that are sent together, and later their `results`. `done` is one future for all loads of the keys."""

    __slots__ = ("done", "keys", "results")

    def __init__(self, results: dict[Any, Any] | None = None) -> None:
        self.keys: dict[Any, None] = {}
        self.results = results
        self.done: asyncio.Future[None] | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make the future, for a dispatch whose results are not known yet."""
        self.done = loop.create_future()

    def resolve(self, results: dict[Any, Any]) -> None:
        """Set the results and wake the loads."""
        self.results = results
        if self.done is not None and not self.done.done():
            self.done.set_result(None)


class Load(Generic[V]):
    """An awaitable for the value of one key. `unwrap` returns the value of a result or raises its error."""

    __slots__ = ("__weakref__", "_asyncio_future_blocking", "_future", "dispatch", "key", "unwrap")

    def __init__(self, dispatch: Dispatch, key: Any, unwrap: Callable[[Any, Any], V]) -> None:
        self.dispatch, self.key, self.unwrap = dispatch, key, unwrap
        self._future: asyncio.Future[V] | None = None
        self._asyncio_future_blocking = False

    def __await__(self) -> Generator[Any, None, V]:
        if self.dispatch.results is None:
            self._asyncio_future_blocking = True
            yield self
        if self._future is not None:
            return self._future.result()
        return self._value()

    __iter__ = __await__

    def _value(self) -> V:
        results = self.dispatch.results
        if results is None:
            raise asyncio.InvalidStateError("the load has no result yet")
        return self.unwrap(results[self.key], self.key)

    # The future's methods, for everything that does not know a Load.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.dispatch.done.get_loop() if self.dispatch.done is not None else asyncio.get_running_loop()

    def add_done_callback(self, function: Callable[[Any], object], *, context: Context | None = None) -> None:
        # The callback gets this load, not the real future: a task compares it with the object it waits for.
        self._real_future().add_done_callback(lambda _: function(self), context=context)

    def __getattr__(self, name: str) -> Any:
        if name in _FUTURE_METHODS:
            return getattr(self._real_future(), name)
        raise AttributeError(f"a load has no {name!r}: its result has not arrived. Await it first: (await ...).{name}")

    def _real_future(self) -> asyncio.Future[V]:
        if self._future is None:
            self._future = self.get_loop().create_future()
            if self.dispatch.results is not None:
                self._fill_future()
            elif self.dispatch.done is not None:
                self.dispatch.done.add_done_callback(self._fill_future)
        return self._future

    def _fill_future(self, _: object = None) -> None:
        future = self._future
        if future is None or future.done():
            return
        try:
            future.set_result(self._value())
        except Exception as error:
            future.set_exception(error)


def dispatched_results(dispatches: Mapping[K, Dispatch], keys: list[K]) -> list[Any]:
    """Return the results of keys in their order. Their dispatches must be resolved."""
    if len(distinct := set(dispatches.values())) == 1:
        results = distinct.pop().results or {}
        return [results[key] for key in keys]
    return [(dispatches[key].results or {})[key] for key in keys]


class Loader(Generic[K]):
    """Gathers the loads of one source into dispatches, for resolvers that a plan runs level by level.

    A key is loaded once: `_dispatches` remembers the dispatch of every key for the rest of the operation.
    """

    __slots__ = ("_dispatches", "_open", "_source")

    def __init__(self, source: Source[K]) -> None:
        self._source = source
        self._dispatches: dict[K, Dispatch] = {}
        self._open: Dispatch | None = None

    def load(self, key: K, unwrap: Callable[[Any, Any], V]) -> Load[V]:
        """Enqueue a key and return an awaitable for its value."""
        dispatch = self._dispatches.get(key)
        if dispatch is None:
            dispatch = self._enqueue_new((key,))[key]
        return Load(dispatch, key, unwrap)

    def enqueue(self, keys: Iterable[K]) -> dict[K, Dispatch]:
        """Enqueue keys, whether anything waits for them yet or not, and return their dispatches."""
        dispatches, distinct = self._dispatches, dict.fromkeys(keys)
        enqueued = {key: dispatches[key] for key in distinct if key in dispatches}
        new = [key for key in distinct if key not in enqueued] if enqueued else distinct
        return enqueued | self._enqueue_new(new) if new else enqueued

    def available_results(self, keys: list[K]) -> list[Any]:
        """Return the results that are there when the deadline has passed; the other keys have exceeded it."""
        late = Failed(deadline_exceeded())
        dispatches = ((key, self._dispatches.get(key)) for key in keys)
        return [d.results[key] if d is not None and d.results is not None else late for key, d in dispatches]

    def prime_many(self, rows: Mapping[K, Any]) -> None:
        """Use rows that another call returned as results: their keys need no call."""
        self._source.prime(rows)

    def drop(self, key: K) -> None:
        """Forget a key that was changed by a write; its next load is enqueued anew."""
        self._source.drop(key)
        self._dispatches.pop(key, None)

    def _enqueue_new(self, keys: Collection[K]) -> dict[K, Dispatch]:
        """Return the dispatches of new keys: a resolved one for those the source has, the next one for the others."""
        results = self._source.lookup(keys)
        enqueued = dict.fromkeys(results, Dispatch(results)) if results else {}
        missing = [key for key in keys if key not in results] if results else keys
        if missing:
            dispatch = self._open or self._open_dispatch()
            dispatch.keys.update(dict.fromkeys(missing))
            enqueued.update(dict.fromkeys(missing, dispatch))
        self._dispatches.update(enqueued)
        return enqueued

    def _open_dispatch(self) -> Dispatch:
        loop = asyncio.get_running_loop()
        dispatch = self._open = Dispatch()
        dispatch.open(loop)
        # The batch window is two turns of the loop. In the first, resolvers run that are ready now. They may make
        # others ready, and these run in the second and can still add their keys.
        loop.call_soon(loop.call_soon, self._dispatch)
        return dispatch

    def _dispatch(self) -> None:
        dispatch, self._open = self._open, None
        assert dispatch is not None
        stop_error = self._source.scope.stop_error()
        if stop_error is not None:
            dispatch.resolve(dict.fromkeys(dispatch.keys, Failed(stop_error)))
            return
        self._source.fetch_then(list(dispatch.keys), dispatch.resolve)
