"""What lives as long as the graph runs: connections to backends, caches, and calls shared between operations."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping
from typing import Any, TypeVar

import httpx

from graphfold.adapter.backend import Backend
from graphfold.adapter.base import Adapter
from graphfold.cache.answers import Answers
from graphfold.cache.changes import ALL_KEYS
from graphfold.cache.store import Store
from graphfold.cache.terms import Terms
from graphfold.loading.scope import Scope
from graphfold.settings import BackendSettings, Settings
from graphfold.transport.network import Network
from graphfold.transport.unset import NotSetUp
from graphfold.viewer import Viewer

__all__ = ["Runtime", "Transports", "network"]

T = TypeVar("T")

Transports = Callable[[str], httpx.AsyncBaseTransport]
"""Backend name -> how its bytes travel. The one seam that tests replace."""


def network(_: str) -> httpx.AsyncBaseTransport:
    """Real connections, kept alive, with certificates checked."""
    return Network()


def _connections(adapter: type[Adapter], own: BackendSettings) -> httpx.AsyncBaseTransport:
    missing = own.missing(adapter.needs())
    if missing:
        return NotSetUp(missing)
    return Network(tls=own.tls) if own.tls is not None else network(adapter.name)


class Runtime:
    """Opened and closed by `Graph.running`. Without `transports`, calls go out over the network."""

    def __init__(
        self,
        adapters: Iterable[type[Adapter]],
        settings: Settings,
        backends: Mapping[str, BackendSettings],
        transports: Transports | None = None,
        timer: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.settings = settings
        self._backends: dict[type, Backend] = {}
        for adapter in adapters:
            own = backends[adapter.name]
            transport = transports(adapter.name) if transports else _connections(adapter, own)
            self._backends[adapter] = Backend(adapter, own, settings, transport, timer)
        self.answers = Answers(settings.answer_cache, timer) if settings.answer_cache else None
        self._stores: dict[str, Store] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer, self._chance = timer, chance

    def backend(self, adapter: type) -> Backend:
        return self._backends[adapter]

    def state(self) -> dict[str, Any]:
        """How it stands with each backend, by name, as JSON: nothing of any caller, no address, no secret."""
        return {
            backend.adapter.name: {"critical": backend.adapter.manifest.critical, **backend.guard.snapshot()}
            for backend in self._backends.values()
        }

    def store(self, operation: str, terms: Terms) -> Store:
        """The cache of one operation of a backend, named `crm.customers`."""
        if operation not in self._stores:
            self._stores[operation] = Store(terms, self._timer, self._chance)
        return self._stores[operation]

    def forget(self, operation: str, keys: Iterable[Hashable] | None) -> None:
        """These keys of an operation have changed, all of them with None."""
        store = self._stores.get(operation)
        if store is not None:  # else it was never asked: there is nothing to forget, nor anything under way
            for key in (ALL_KEYS,) if keys is None else keys:
                store.forget(key)

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that belongs to no operation. It ends at the latest when the runtime closes."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def open(self) -> None:
        """Read contracts before the first call."""
        await asyncio.gather(*(asyncio.to_thread(backend.load) for backend in self._backends.values()))

    async def close(self) -> None:
        """End calls that nobody will wait for any more, then the connections."""
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        ends = await asyncio.gather(*(backend.close() for backend in self._backends.values()), return_exceptions=True)
        for error in ends:
            if isinstance(error, BaseException):
                raise error

    async def probe(self, adapter: type[Adapter]) -> None:
        """Raises the typed error of a backend that is not well."""
        asking: Any = adapter(Scope(self, Viewer(), dict))
        await asking.probe()
