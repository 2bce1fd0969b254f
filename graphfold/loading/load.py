"""A `Load` is what `await crm.customers.load(key)` waits for: a lazy future that costs none.

Keys that are asked for together travel in one wave. Whoever runs resolvers level by level knows a `Load` by its type
and goes on with it when its wave has landed; anybody else in asyncio (a task, gather, wait, shield) uses the future
protocol, and only then a real future is made. A key joins the open wave when `load` is called, not when it is awaited:
two loads made before the first await are one call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Generator, Hashable, Iterable, Mapping
from contextvars import Context
from typing import Any, Generic, TypeVar

from graphfold.deadline import deadline_exceeded
from graphfold.loading.answer import Failed
from graphfold.loading.source import Source

_PROTOCOL = {"done", "result", "exception", "cancel", "cancelled", "remove_done_callback"}

__all__ = ["Load", "Loader", "Wave", "landed"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Wave:
    """The keys of one dispatch. `done` is one future for all who wait for any of them."""

    __slots__ = ("done", "keys", "results")

    def __init__(self, results: dict[Any, Any] | None = None) -> None:
        self.keys: dict[Any, None] = {}
        self.results = results
        self.done: asyncio.Future[None] | None = None

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        self.done = loop.create_future()

    def land(self, results: dict[Any, Any]) -> None:
        self.results = results
        if self.done is not None and not self.done.done():
            self.done.set_result(None)


class Load(Generic[V]):
    """Awaited, it gives the value or raises the key's error. `settle` turns the answer into either."""

    __slots__ = ("__weakref__", "_asyncio_future_blocking", "_future", "key", "settle", "wave")

    def __init__(self, wave: Wave, key: Any, settle: Callable[[Any, Any], V]) -> None:
        self.wave, self.key, self.settle = wave, key, settle
        self._future: asyncio.Future[V] | None = None
        self._asyncio_future_blocking = False

    def __await__(self) -> Generator[Any, None, V]:
        if self.wave.results is None:
            self._asyncio_future_blocking = True
            yield self
        if self._future is not None:
            return self._future.result()
        return self._settled()

    __iter__ = __await__

    def _settled(self) -> V:
        results = self.wave.results
        if results is None:
            raise asyncio.InvalidStateError("the load has not landed yet")
        return self.settle(results[self.key], self.key)

    # The future protocol, for whoever is not the driver.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.wave.done.get_loop() if self.wave.done is not None else asyncio.get_running_loop()

    def add_done_callback(self, function: Callable[[Any], object], *, context: Context | None = None) -> None:
        # the waker wants this object back: its result() is what it asks for
        self._real().add_done_callback(lambda _: function(self), context=context)

    def __getattr__(self, name: str) -> Any:
        if name in _PROTOCOL:
            return getattr(self._real(), name)
        raise AttributeError(f"a load has no {name!r}: it is not there yet. Await it first: (await ...).{name}")

    def _real(self) -> asyncio.Future[V]:
        if self._future is None:
            self._future = self.get_loop().create_future()
            if self.wave.results is not None:
                self._fill()
            elif self.wave.done is not None:
                self.wave.done.add_done_callback(self._fill)
        return self._future

    def _fill(self, _: object = None) -> None:
        future = self._future
        if future is None or future.done():
            return
        try:
            future.set_result(self._settled())
        except Exception as error:
            future.set_exception(error)


def landed(waves: Mapping[K, Wave], keys: list[K]) -> list[Any]:
    """The answers of keys whose waves have landed, in the keys' order."""
    if len(several := set(waves.values())) == 1:
        results = several.pop().results or {}
        return [results[key] for key in keys]
    return [(waves[key].results or {})[key] for key in keys]


class Loader(Generic[K]):
    """Gathers the loads of one source into waves: all keys asked for within a turn of the loop are one dispatch."""

    __slots__ = ("_open", "_source", "_where")

    def __init__(self, source: Source[K]) -> None:
        self._source = source
        self._where: dict[K, Wave] = {}
        self._open: Wave | None = None

    def load(self, key: K, settle: Callable[[Any, Any], V]) -> Load[V]:
        wave = self._where.get(key)
        if wave is None:
            wave = self._board((key,))[key]
        return Load(wave, key, settle)

    def ask(self, keys: Iterable[K]) -> dict[K, Wave]:
        """The waves that these keys travel with from now on, whether anybody waits for them yet or not."""
        where, asked = self._where, dict.fromkeys(keys)
        found = {key: where[key] for key in asked if key in where}
        new = [key for key in asked if key not in found] if found else asked
        return found | self._board(new) if new else found

    def arrived(self, keys: list[K]) -> list[Any]:
        """The answers of a level that are there; for the other keys the operation's time is over."""
        late = Failed(deadline_exceeded())
        waves = ((key, self._where.get(key)) for key in keys)
        return [wave.results[key] if wave is not None and wave.results is not None else late for key, wave in waves]

    def bring(self, rows: Mapping[K, Any]) -> None:
        self._source.bring(rows)

    def drop(self, key: K) -> None:
        self._source.drop(key)
        self._where.pop(key, None)

    def _board(self, keys: Collection[K]) -> dict[K, Wave]:
        """The waves that new keys travel with: what is known has landed already, the rest goes with the next one."""
        known = self._source.known(keys)
        boarded = dict.fromkeys(known, Wave(known)) if known else {}
        rest = [key for key in keys if key not in known] if known else keys
        if rest:
            wave = self._open or self._new()
            wave.keys.update(dict.fromkeys(rest))
            boarded.update(dict.fromkeys(rest, wave))
        self._where.update(boarded)
        return boarded

    def _new(self) -> Wave:
        loop = asyncio.get_running_loop()
        wave = self._open = Wave()
        wave.open(loop)
        loop.call_soon(loop.call_soon, self._depart)  # two turns: whoever is ready now may still add keys
        return wave

    def _depart(self) -> None:
        wave, self._open = self._open, None
        assert wave is not None
        over = self._source.scope.over()
        if over is not None:
            wave.land(dict.fromkeys(wave.keys, Failed(over)))
            return
        self._source.ask(list(wave.keys), wave.land)
