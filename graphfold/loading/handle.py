"""What a resolver holds: an operation of a backend, bound to the graph operation that is running."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, Protocol, TypeVar, cast

from graphfold.cache.changes import ALL_KEYS
from graphfold.cache.store import Store
from graphfold.errors import GraphError, NotFound
from graphfold.loading.answer import MISSING, Failed, Stale, in_graph
from graphfold.loading.fetching import BatchFetch, fetch_read
from graphfold.loading.load import Load, Loader, Wave
from graphfold.loading.loader import TaskLoader
from graphfold.loading.scope import Scope
from graphfold.loading.source import Source
from graphfold.loading.staleness import Outdated
from graphfold.page import Page
from graphfold.rows.decoder import rows_with_on_demand_fields
from graphfold.rows.row import Row

if TYPE_CHECKING:
    from graphfold.loading.backend_operations import BackendOperation

__all__ = ["Batch", "Caller", "Read", "Write"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")

AnyLoader = Loader[Any] | TaskLoader[Any]


class Caller(Protocol):
    """An adapter of one graph operation."""

    name: ClassVar[str]
    scope: Scope

    @property
    def variant(self) -> str: ...
    def asked(self, row: type[Row[Any]]) -> frozenset[str]: ...
    def calling(self, operation: str, *, whole: bool) -> Any: ...


class _Handle:
    __slots__ = ("_adapter", "_operation", "_whole")

    def __init__(self, operation: BackendOperation, adapter: Caller, *, whole: bool = False) -> None:
        self._operation, self._adapter, self._whole = operation, adapter, whole

    def _asked(self, row: type[Row[Any]]) -> frozenset[str]:
        return row.shape.on_demand if self._whole else self._adapter.asked(row)

    def _fields(self) -> frozenset[str]:
        """Everything that is asked for, in rows inside rows too: a remembered answer with less will not do."""
        rows = rows_with_on_demand_fields(self._operation.row) if self._operation.row is not None else ()
        return frozenset(f"{row.__qualname__}.{name}" for row in rows for name in self._asked(row))

    def optional_value(self, answer: Any, key: Any) -> Any:
        """The value of an answer, None where there is none; raises the key's error."""
        kind = type(answer)
        if kind is Failed:
            raise answer.raised()
        if kind is Stale:
            self._adapter.scope.outdated.append(Outdated(answer, self._adapter.name, self._operation.name))
            return answer.value
        return None if answer is MISSING else answer

    def required_value(self, answer: Any, key: Any) -> Any:
        """The value of an answer; raises NOT_FOUND where there is none."""
        if answer is MISSING:
            what = self._operation.name
            raise NotFound(f"There is no such entry: {_short(key)}.", backend=self._adapter.name, operation=what)
        return self.optional_value(answer, key)

    def _opened(
        self, ident: Hashable, slot: Hashable, fetch: Callable[[Any], Any], seen: Callable[[Any], None] | None = None
    ) -> AnyLoader:
        """A new loader for these arguments, kept for the rest of the operation."""
        scope, operation = self._adapter.scope, self._operation
        policy = operation.policy
        who = scope.viewer.slot(policy.share)
        scope.parts.narrow(who[0])
        source: Source[Any] = Source(
            scope,
            fetch,
            shelf=self._store().shelf((who, self._adapter.variant, slot), scope.parts) if policy.ttl else None,
            asked=self._asked,
            fields=self._fields(),
            seen=seen,
            operation=(self._adapter.name, operation.name),
        )
        loader: AnyLoader = Loader(source) if scope.level_by_level else TaskLoader(source)
        scope.loaders[ident] = loader
        return loader

    def _store(self) -> Store:
        policy = self._operation.policy
        name = f"{self._adapter.name}.{self._operation.name}"
        return self._adapter.scope.home.store(name, policy)


def _loading(loader: AnyLoader, key: Any, settle: Callable[[Any, Any], V]) -> Awaitable[V]:
    return loader.load(key, settle) if isinstance(loader, Loader) else loader.settled(key, settle)


class Batch(_Handle, Generic[K, P, V]):
    """A keyed operation. `load`: it must exist. `find`: it may be missing. `ref`: only the key may be needed.

    What they give is awaitable; the key travels from the moment of the call.
    """

    __slots__ = ()

    @property
    def whole(self) -> Batch[K, P, V]:
        """With every OnDemand field, selected or not: for a resolver that computes with what it loads."""
        return Batch(self._operation, self._adapter, whole=True)

    def find(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V | None]:
        """The value, or None when the backend does not have it."""
        return _loading(self.loader(args, kwargs), self._one(key), self.optional_value)

    def load(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        """The value; NOT_FOUND at this place of the answer when the backend does not have it."""
        return _loading(self.loader(args, kwargs), self._one(key), self.required_value)

    def ref(self, key: K, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        """Like `load`, for a key that another backend vouches for: no call when only the key is selected."""
        if self.needs_only_key():
            key = self._one(key)
            return Load(Wave({key: self.of_key(key)}), key, self.optional_value)
        return self.load(key, *args, **kwargs)

    async def load_many(self, keys: Sequence[K], *args: P.args, **kwargs: P.kwargs) -> list[V]:
        """Each must exist. In the order of the keys."""
        return list(await asyncio.gather(*(self.load(key, *args, **kwargs) for key in keys)))

    def canonical_keys(self, keys: list[K]) -> list[K]:
        """The keys, each in the one way in which it is written. Raises for what cannot be a key."""
        same = self._operation.policy.key
        return keys if same is None else list(map(same, keys))

    def _one(self, key: K) -> K:
        """As it is where it cannot be a key: then it is missing, as any other that does not exist."""
        policy = self._operation.policy
        if policy.key is None:
            return key
        written: K | None = policy.written(key)
        return key if written is None else written

    def level_loader(self) -> Loader[K] | None:
        """Return the loader without further arguments; None where loads are not gathered by level."""
        loader = self.loader((), {})
        return loader if isinstance(loader, Loader) else None

    @property
    def key_attribute(self) -> str | None:
        """The attribute of its rows that holds, to the letter, the key they were found by."""
        row, policy = self._operation.row, self._operation.policy
        return row.shape.key if row is not None and policy.gives == "row" and policy.key is None else None

    def needs_only_key(self) -> bool:
        """Whether the running operation wants nothing of this row but its key."""
        row = self._operation.row
        if row is None or self._operation.policy.gives != "row":
            return False
        return row.shape.always == {row.shape.key} and not self._asked(row)

    def of_key(self, key: K) -> V:
        """The graph object of which only the key is known."""
        row = cast("Any", self._operation.row)
        return cast("V", in_graph(row(**{row.shape.key: key}), lambda row: row.shape.on_demand))

    def prime(self, key: K, row: Row[V]) -> None:
        """A row that another call brought along: it needs no call of its own."""
        self.bring((key,), (row,))

    def bring(self, keys: Iterable[K], rows: Iterable[Row[V]]) -> None:
        """Many such rows, each with its key."""
        one = keys if self._operation.policy.key is None else map(self._one, keys)
        self.loader((), {}).bring(dict(zip(one, rows, strict=True)))

    def forget(self, key: K) -> None:
        """After a write: the key's cached answers are void, for every viewer and every argument."""
        key = self._one(key)
        if self._operation.policy.ttl:
            self._store().forget(key)
        for ident in self._loaders():
            self._adapter.scope.loaders[ident].drop(key)

    def forget_all(self) -> None:
        """After a write that does not tell which key it changed: every cached answer of this operation is void."""
        if self._operation.policy.ttl:
            self._store().forget(ALL_KEYS)
        for ident in self._loaders():
            del self._adapter.scope.loaders[ident]

    def _loaders(self) -> list[Hashable]:
        """Where the loaders of this operation are, whatever their arguments."""
        ours = (self._operation, self._adapter.name)
        return [ident for ident in self._adapter.scope.loaders if isinstance(ident, tuple) and ident[:2] == ours]

    def loader(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AnyLoader:
        """The loader of these arguments; the first load of an operation makes it."""
        loaders = self._adapter.scope.loaders
        as_written = (self._operation, self._adapter.name, self._whole, args, *kwargs.items())
        try:
            return cast("AnyLoader", loaders[as_written])  # nearly always: a resolver writes the same each time
        except (KeyError, TypeError):  # the first time, or an argument that is no key as it stands
            loader = self._loader_of(self._operation.bound(args, kwargs), args, kwargs)
        with suppress(TypeError):
            loaders[as_written] = loader
        return loader

    def _loader_of(self, slot: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AnyLoader:
        ident = (self._operation, self._adapter.name, slot, self._whole)
        loader: AnyLoader | None = self._adapter.scope.loaders.get(ident)
        if loader is None:
            adapter = self._adapter.calling(self._operation.name, whole=self._whole)
            fetch = BatchFetch(self._operation, adapter, self._asked, args, kwargs)
            loader = self._opened(ident, slot, fetch)
        return loader


class Read(_Handle, Generic[P, V]):
    """An operation without keys. The same arguments in one graph operation are one call."""

    __slots__ = ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[V]:
        return _loading(self._loader(), _Arguments(self._operation, args, kwargs), self.optional_value)

    def forget(self) -> None:
        """After a write: every cached answer of this operation is void."""
        if self._operation.policy.ttl:
            self._store().forget(ALL_KEYS)
        self._adapter.scope.loaders.pop((self._operation, self._adapter.name), None)

    def _loader(self) -> AnyLoader:
        ident = (self._operation, self._adapter.name)
        loader: AnyLoader | None = self._adapter.scope.loaders.get(ident)
        if loader is None:
            adapter = self._adapter.calling(self._operation.name, whole=self._whole)
            seen = self._prime if self._operation.primes else None
            loader = self._opened(ident, (), fetch_read(self._operation, adapter), seen)
        return loader

    def _prime(self, answer: Any) -> None:
        """The rows of this answer are loaded: details asked for later cost no call."""
        primes = self._operation.primes
        rows = answer.items if isinstance(answer, Page) else answer if isinstance(answer, list) else [answer]
        if primes is not None and primes.row is not None and primes.row.shape.key is not None:
            batch: Batch[Any, Any, Any] = Batch(primes, self._adapter)
            batch.bring(map(attrgetter(primes.row.shape.key), rows), rows)


class Write(_Handle, Generic[P, V]):
    """An operation that changes something: every call is a call."""

    __slots__ = ()

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> V:
        self._adapter.scope.parts.spoil()
        adapter = self._adapter.calling(self._operation.name, whole=True)
        try:
            answer = await adapter.scope.function(self._operation)(adapter, *args, **kwargs)
        except GraphError as error:
            raise error.at(self._adapter.name, self._operation.name) from error.__cause__
        return cast("V", in_graph(answer, lambda _: frozenset()))


class _Arguments:
    """The arguments of a read as a key: equal arguments are one call."""

    __slots__ = ("args", "frozen", "kwargs")

    def __init__(self, operation: BackendOperation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args, self.kwargs, self.frozen = args, kwargs, operation.bound(args, kwargs)

    def __hash__(self) -> int:
        return hash(self.frozen)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Arguments) and self.frozen == other.frozen


def _short(key: object) -> str:
    text = str(key)
    return text if len(text) <= 60 else f"{text[:57]}..."
