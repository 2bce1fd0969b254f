"""The state of a running graph: connections to backends, caches, and calls shared between operations."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import httpx

from graphfold.adapter.backend import Backend
from graphfold.adapter.base import Adapter
from graphfold.cache.answer_cache import AnswerCache
from graphfold.cache.invalidations import ALL_KEYS
from graphfold.cache.operation_cache import OperationCache
from graphfold.cache.policy import CachePolicy
from graphfold.cache.second_tier import OperationTier, SecondTier
from graphfold.errors import BackendCredentials
from graphfold.loading.scope import OperationScope
from graphfold.observer import NO_OBSERVERS, Observers
from graphfold.settings import BackendSettings, Settings
from graphfold.transport.network import Network
from graphfold.viewer import Viewer

__all__ = ["Runtime", "Transports", "network"]

T = TypeVar("T")

Transports = Callable[[str], httpx.AsyncBaseTransport]
"""From a backend's name to its transport. Tests replace transports and nothing else."""


def network(_: str) -> httpx.AsyncBaseTransport:
    """Return a transport with real, kept-alive connections that verifies certificates."""
    return Network()


class UnconfiguredBackend(httpx.AsyncBaseTransport):
    """A transport for a backend whose settings are missing: it refuses every call and names the missing variables.

    In development a graph starts without the backends that are not configured.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        self._missing = missing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise BackendCredentials("The backend is not set up.", internal=f"not set: {', '.join(self._missing)}")


def _connections(adapter: type[Adapter], own: BackendSettings) -> httpx.AsyncBaseTransport:
    missing = own.missing(adapter.needs())
    if missing:
        return UnconfiguredBackend(missing)
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
        observers: Observers = NO_OBSERVERS,
        second_tier: SecondTier | None = None,
    ) -> None:
        self.settings = settings
        self._backends: dict[type, Backend] = {}
        for adapter in adapters:
            own = backends[adapter.name]
            transport = transports(adapter.name) if transports else _connections(adapter, own)
            self._backends[adapter] = Backend(adapter, own, settings, transport, timer, observers)
        self.answers = AnswerCache(settings.answer_cache, timer) if settings.answer_cache else None
        self._stores: dict[str, OperationCache] = {}
        self._second_tier = second_tier
        self._tiers: dict[str, OperationTier] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._timer, self._chance = timer, chance

    def backend(self, adapter: type) -> Backend:
        return self._backends[adapter]

    def state(self) -> dict[str, Any]:
        """Return each backend's state by name, as JSON. It holds nothing of callers, no address and no secret."""
        return {
            backend.adapter.name: {"critical": backend.adapter.manifest.critical, **backend.guard.snapshot()}
            for backend in self._backends.values()
        }

    def store(self, operation: str, policy: CachePolicy) -> OperationCache:
        """Return the cache of a backend operation such as `crm.customers`."""
        if operation not in self._stores:
            self._stores[operation] = OperationCache(policy, self._timer, self._chance, self._tier(operation))
        return self._stores[operation]

    def forget(self, operation: str, keys: Iterable[Hashable] | None) -> None:
        """Drop the cache entries of an operation for these keys; None drops all."""
        # Without a store the operation was never called in this process, so only the second tier may have entries.
        cache = self._stores.get(operation)
        forget = cache.forget if cache is not None else tier.delete if (tier := self._tier(operation)) else None
        if forget is not None:
            for key in (ALL_KEYS,) if keys is None else keys:
                forget(key)

    def _tier(self, operation: str) -> OperationTier | None:
        if self._second_tier is None:
            return None
        if operation not in self._tiers:
            self._tiers[operation] = OperationTier(self._second_tier, operation, self.spawn)
        return self._tiers[operation]

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task that outlives its operation. It ends at the latest when the runtime closes."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def open(self) -> None:
        """Read the backends' contracts (WSDL files), before the first call."""
        await asyncio.gather(*(asyncio.to_thread(backend.load) for backend in self._backends.values()))

    async def close(self) -> None:
        """Cancel calls in flight, then close the connections."""
        await asyncio.gather(*(tier.flush() for tier in self._tiers.values()))  # invalidations must not get lost
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ends = await asyncio.gather(*(backend.close() for backend in self._backends.values()), return_exceptions=True)
        for error in ends:
            if isinstance(error, BaseException):
                raise error

    async def probe(self, adapter: type[Adapter]) -> None:
        """Make a cheap call to a backend. Raises the backend's typed error if it is not healthy."""
        instance: Any = adapter(OperationScope(self, Viewer(), dict))
        await instance.probe()
