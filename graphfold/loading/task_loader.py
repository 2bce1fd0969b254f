"""Gather loads with aiodataloader, for operations that graphql-core runs: a task per resolver, a future per key.

It does what `graphfold.loading.load` does for plans. The two are not one class on purpose: a `Load` without a future
is what makes plans fast, and resolvers in tasks need futures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Hashable, Mapping
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader

from graphfold.loading.load_result import Failed
from graphfold.loading.source import Source

__all__ = ["TaskLoader"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TaskLoader(DataLoader[K, Any], Generic[K]):
    """A DataLoader whose futures never fail: an error is the result of its key, so it does not spread to others.

    Cancelling one waiter leaves the key to the others, and the calls end with the operation.
    """

    def __init__(self, source: Source[K]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._source = source

    def load_unwrapped(self, key: K, unwrap: Callable[[Any, Any], V]) -> Awaitable[V]:
        """Enqueue a key and return an awaitable for its value, which `unwrap` takes from the result."""
        return _UnwrappedLoad(self.load(key), key, unwrap)

    async def batch_load_fn(self, keys: list[K]) -> list[Any]:
        stop_error = self._source.scope.stop_error()
        if stop_error is not None:
            return [Failed(stop_error)] * len(keys)
        task = asyncio.current_task()
        if task is not None:
            self._source.scope.cancel_at_end(task)
        results = self._source.lookup(keys)
        unknown = [key for key in keys if key not in results]
        if unknown:
            results.update(await self._source.fetch(unknown))
        return [results[key] for key in keys]

    def prime_many(self, rows: Mapping[K, Any]) -> None:
        """Use rows that another call returned as results: their keys need no call."""
        self._source.prime(rows)

    def drop(self, key: K) -> None:
        """Forget a key that was changed by a write; its next load is enqueued anew."""
        self._source.drop(key)
        self.clear(key)


class _UnwrappedLoad(Generic[V]):
    """Awaits a key's future. It is not a coroutine, because one that is never awaited makes Python warn."""

    __slots__ = ("_future", "_key", "_unwrap")

    def __init__(self, future: asyncio.Future[Any], key: Any, unwrap: Callable[[Any, Any], V]) -> None:
        self._future, self._key, self._unwrap = future, key, unwrap

    def __await__(self) -> Generator[Any, Any, V]:
        result = yield from asyncio.shield(self._future).__await__()  # other waiters share the future
        return self._unwrap(result, self._key)
