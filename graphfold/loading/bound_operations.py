"""Batches, reads and writes as a resolver uses them: bound to an adapter of the running operation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import Any, Generic, ParamSpec, TypeVar, cast

from graphfold.cache.cache_view import CacheView
from graphfold.cache.invalidations import ALL_KEYS
from graphfold.cache.operation_cache import OperationCache
from graphfold.errors import GraphError, NotFound
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.fetching import BatchFetch, BoundAdapter, read_fetch
from graphfold.loading.load import Dispatch, Load, Loader
from graphfold.loading.load_result import MISSING, Failed, StaleValue, to_graph_value
from graphfold.loading.source import Fetch, Source
from graphfold.loading.stale_values import ServedStaleValue
from graphfold.loading.task_loader import TaskLoader
from graphfold.page import Page
from graphfold.rows.decoder import rows_with_on_demand_fields
from graphfold.rows.row import Row

__all__ = ["BoundBatch", "BoundRead", "BoundWrite"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")

AnyLoader = Loader[Any] | TaskLoader[Any]


class _BoundOperation:
    """A backend operation and its adapter. With `whole`, every OnDemand field is requested, selected or not."""

    __slots__ = ("_adapter", "_operation", "_whole")

    def __init__(self, operation: BackendOperation, adapter: BoundAdapter, *, whole: bool = False) -> None:
        self._operation, self._adapter, self._whole = operation, adapter, whole

    def optional_value(self, result: Any, key: Any) -> Any:
        """Return the value of a result, None if it is missing. Raise the key's error."""
        kind = type(result)
        if kind is Failed:
            raise result.error_copy()
        if kind is StaleValue:
            served = ServedStaleValue(result, self._adapter.name, self._operation.name)
            self._adapter.scope.stale_values.append(served)
            return result.value
        return None if result is MISSING else result

    def required_value(self, result: Any, key: Any) -> Any:
        """Return the value of a result. Raise the key's error, `NotFound` if the value is missing."""
        if result is MISSING:
            text = str(key)
            text = text if len(text) <= 60 else f"{text[:57]}..."
            operation = self._operation.name
            raise NotFound(f"There is no such entry: {text}.", backend=self._adapter.name, operation=operation)
        return self.optional_value(result, key)

    def _requested_fields(self, row: type[Row[Any]]) -> frozenset[str]:
        return row.shape.on_demand if self._whole else self._adapter.requested_fields(row)

    def _open_loader(
        self,
        loader_key: Hashable,
        arguments: Hashable,
        fetch: Fetch[Any],
        on_value: Callable[[Any], None] | None = None,
    ) -> AnyLoader:
        """Make the loader for these arguments and keep it for the rest of the operation."""
        scope, operation = self._adapter.scope, self._operation
        slot = scope.viewer.slot(operation.policy.share)
        scope.dependencies.restrict(slot[0])
        view = None
        if operation.policy.ttl:
            view = CacheView(self._cache(), (slot, self._adapter.cache_variant, arguments), scope.dependencies)
        # Rows within rows have OnDemand fields, too: a cache entry that lacks any of them must not be used.
        rows = rows_with_on_demand_fields(operation.row) if operation.row is not None else ()
        source: Source[Any] = Source(
            scope,
            fetch,
            view=view,
            requested_fields=self._requested_fields,
            fields=frozenset(f"{row.__qualname__}.{name}" for row in rows for name in self._requested_fields(row)),
            on_value=on_value,
            operation=(self._adapter.name, operation.name),
        )
        loader: AnyLoader = Loader(source) if scope.level_by_level else TaskLoader(source)
        scope.loaders[loader_key] = loader
        return loader

    def _cache(self) -> OperationCache:
        name = f"{self._adapter.name}.{self._operation.name}"
        return self._adapter.scope.resources.store(name, self._operation.policy)


def _load(loader: AnyLoader, key: Any, unwrap: Callable[[Any, Any], V]) -> Awaitable[V]:
    return loader.load(key, unwrap) if isinstance(loader, Loader) else loader.load_unwrapped(key, unwrap)


class BoundBatch(_BoundOperation, Generic[K, P, V]):
    """A batch: `load` a key that must exist, `find` one that may be missing, `ref` one of which the key may be enough.

    They return awaitables, and the key is in the next dispatch from the moment of the call, awaited or not.
    """

    __slots__ = ()

    @property
    def whole(self) -> BoundBatch[K, P, V]:
        """The batch with every OnDemand field, selected or not: for a resolver that computes with what it loads."""
        return BoundBatch(self._operation, self._adapter, whole=True)

    def find(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V | None]:
        """Load a value; None if the backend does not have it."""
        return _load(self.loader(args, kwargs), self._canonical_key(key), self.optional_value)

    def load(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        """Load a value; `NotFound` is raised if the backend does not have it."""
        return _load(self.loader(args, kwargs), self._canonical_key(key), self.required_value)

    def ref(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        """Load a value like `load`, but without a call if only the key is selected: another backend vouches for it."""
        if self.needs_only_key():
            key = self._canonical_key(key)
            return Load(Dispatch({key: self.of_key(key)}), key, self.optional_value)
        return self.load(key, *args, **kwargs)

    async def load_many(self, keys: Sequence[K], *args: P.args, **kwargs: P.kwargs) -> list[V]:
        """Load values in the order of their keys. Raise `NotFound` if one is missing."""
        return list(await asyncio.gather(*(self.load(key, *args, **kwargs) for key in keys)))

    def canonical_keys(self, keys: list[K]) -> list[K]:
        """Return the canonical form of each key. Raise the error of `key=` for a value that cannot be a key."""
        to_canonical = self._operation.policy.key
        return keys if to_canonical is None else list(map(to_canonical, keys))

    def _canonical_key(self, key: K) -> K:
        policy = self._operation.policy
        if policy.key is None:
            return key
        canonical: K | None = policy.canonical_key(key)
        return key if canonical is None else canonical  # a value that cannot be a key is loaded as a missing key

    def level_loader(self) -> Loader[K] | None:
        """Return the loader without further arguments; None where loads are not gathered by level."""
        loader = self.loader((), {})
        return loader if isinstance(loader, Loader) else None

    @property
    def key_attribute(self) -> str | None:
        """The attribute of the rows that equals the key they were loaded by; None if there is none."""
        row, policy = self._operation.row, self._operation.policy
        return row.shape.key if row is not None and policy.gives == "row" and policy.key is None else None

    def needs_only_key(self) -> bool:
        """Return whether the running operation selects nothing of the rows but their key."""
        row = self._operation.row
        if row is None or self._operation.policy.gives != "row":
            return False
        return row.shape.always == {row.shape.key} and not self._requested_fields(row)

    def of_key(self, key: K) -> V:
        """Return a graph object of which only the key is known."""
        row = cast("Any", self._operation.row)
        return cast("V", to_graph_value(row(**{row.shape.key: key}), lambda row: row.shape.on_demand))

    def prime(self, key: K, row: Row[V]) -> None:
        """Use a row that another call returned as the result for a key, which then needs no call."""
        self.prime_many((key,), (row,))

    def prime_many(self, keys: Iterable[K], rows: Iterable[Row[V]]) -> None:
        """Prime many rows, each with its key."""
        canonical = keys if self._operation.policy.key is None else map(self._canonical_key, keys)
        self.loader((), {}).prime_many(dict(zip(canonical, rows, strict=True)))

    def forget(self, key: K) -> None:
        """Invalidate a key after a write: its cache entries for every viewer and all arguments."""
        key = self._canonical_key(key)
        if self._operation.policy.ttl:
            self._cache().forget(key)
        for loader_key in self._loader_keys():
            self._adapter.scope.loaders[loader_key].drop(key)

    def forget_all(self) -> None:
        """Invalidate every cache entry of this operation, after a write that may have changed any key."""
        if self._operation.policy.ttl:
            self._cache().forget(ALL_KEYS)
        for loader_key in self._loader_keys():
            del self._adapter.scope.loaders[loader_key]

    def _loader_keys(self) -> list[Hashable]:
        """Return where in the scope this operation's loaders are, for all arguments."""
        prefix = (self._operation, self._adapter.name)
        return [key for key in self._adapter.scope.loaders if isinstance(key, tuple) and key[:2] == prefix]

    def loader(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AnyLoader:
        """Return the loader for these arguments, made by the first load of an operation.

        A resolver writes its arguments the same way each time, so the loader is also kept by the arguments as written:
        only the first load computes a canonical key of them.
        """
        loaders = self._adapter.scope.loaders
        written_key = (self._operation, self._adapter.name, self._whole, args, *kwargs.items())
        try:
            return cast("AnyLoader", loaders[written_key])
        except (KeyError, TypeError):  # the first load, or an argument that is not hashable as it is
            loader = self._loader_of(self._operation.arguments_key(args, kwargs), args, kwargs)
        with suppress(TypeError):
            loaders[written_key] = loader
        return loader

    def _loader_of(self, arguments: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AnyLoader:
        loader_key = (self._operation, self._adapter.name, arguments, self._whole)
        loader: AnyLoader | None = self._adapter.scope.loaders.get(loader_key)
        if loader is None:
            adapter = self._adapter.for_operation(self._operation.name, whole=self._whole)
            fetch = BatchFetch(self._operation, adapter, self._requested_fields, args, kwargs)
            loader = self._open_loader(loader_key, arguments, fetch)
        return loader


class BoundRead(_BoundOperation, Generic[P, V]):
    """An operation without keys. Calls with equal arguments in one graph operation are one call."""

    __slots__ = ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        return _load(self._loader(), _ReadArguments(self._operation, args, kwargs), self.optional_value)

    def forget(self) -> None:
        """Invalidate every cache entry of this operation, after a write."""
        if self._operation.policy.ttl:
            self._cache().forget(ALL_KEYS)
        self._adapter.scope.loaders.pop((self._operation, self._adapter.name), None)

    def _loader(self) -> AnyLoader:
        loader_key = (self._operation, self._adapter.name)
        loader: AnyLoader | None = self._adapter.scope.loaders.get(loader_key)
        if loader is None:
            adapter = self._adapter.for_operation(self._operation.name, whole=self._whole)
            on_value = self._prime if self._operation.primes else None
            loader = self._open_loader(loader_key, (), read_fetch(self._operation, adapter), on_value)
        return loader

    def _prime(self, value: Any) -> None:
        """Prime the batch named by `primes=` with the rows of a page, a list or a single row."""
        primes = self._operation.primes
        rows = value.items if isinstance(value, Page) else value if isinstance(value, list) else [value]
        if primes is not None and primes.row is not None and primes.row.shape.key is not None:
            batch: BoundBatch[Any, Any, Any] = BoundBatch(primes, self._adapter)
            batch.prime_many(map(attrgetter(primes.row.shape.key), rows), rows)


class BoundWrite(_BoundOperation, Generic[P, V]):
    """An operation that changes something. Nothing is shared: each call reaches the backend."""

    __slots__ = ()

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> V:
        self._adapter.scope.dependencies.make_uncacheable()
        adapter = self._adapter.for_operation(self._operation.name, whole=True)
        try:
            value = await adapter.scope.function(self._operation)(adapter, *args, **kwargs)
        except GraphError as error:
            raise error.at(self._adapter.name, self._operation.name) from error.__cause__
        return cast("V", to_graph_value(value, lambda _: frozenset()))


class _ReadArguments:
    """The arguments of a read as a key, equal if the calls are equal. The function is called with them as written."""

    __slots__ = ("args", "frozen", "kwargs")

    def __init__(self, operation: BackendOperation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs, self.frozen = args, kwargs, operation.arguments_key(args, kwargs)

    def __hash__(self) -> int:
        return hash(self.frozen)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ReadArguments) and self.frozen == other.frozen
