"""The same loads over aiodataloader, for operations that graphql-core runs: a task a resolver, a future a key."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator, Hashable, Mapping
from typing import Any, Generic, TypeVar

from aiodataloader import DataLoader

from graphfold.loading.answer import Failed
from graphfold.loading.source import Source

__all__ = ["TaskLoader"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class TaskLoader(DataLoader[K, Any], Generic[K]):
    """What aiodataloader does not do is done here and in the source: an error belongs to its key, a waiter that is
    cancelled does not poison the key for the others, and calls end with the operation.
    """

    def __init__(self, source: Source[K]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._source = source

    def settled(self, key: K, settle: Callable[[Any, Any], V]) -> Awaitable[V]:
        """The key's value or error. The key travels from now on, whenever it is awaited."""
        return _Settled(self.load(key), key, settle)

    async def batch_load_fn(self, keys: list[K]) -> list[Any]:
        over = self._source.scope.over()
        if over is not None:
            return [Failed(over)] * len(keys)
        task = asyncio.current_task()
        if task is not None:
            self._source.scope.own(task)
        known = self._source.known(keys)
        rest = [key for key in keys if key not in known]
        if rest:
            known.update(await self._source.answers(rest))
        return [known[key] for key in keys]

    def bring(self, rows: Mapping[K, Any]) -> None:
        self._source.bring(rows)

    def drop(self, key: K) -> None:
        self._source.drop(key)
        self.clear(key)


class _Settled(Generic[V]):
    """Awaits a key's answer without cancelling it for others. Nothing is left over where nobody awaits it."""

    __slots__ = ("_future", "_key", "_settle")

    def __init__(self, future: asyncio.Future[Any], key: Any, settle: Callable[[Any, Any], V]) -> None:
        self._future, self._key, self._settle = future, key, settle

    def __await__(self) -> Generator[Any, Any, V]:
        answer = yield from asyncio.shield(self._future).__await__()
        return self._settle(answer, self._key)
