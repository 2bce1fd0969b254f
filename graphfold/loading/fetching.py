"""Call the author's function for the keys of one dispatch, and match the results to the keys.

Many keys are split into chunks, and a chunk that fails because of a single key is halved until that key is alone, so
that an error stays with the key that causes it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Protocol

import structlog

from graphfold.errors import BackendBadReply, BackendRejected, GraphError, InvalidInput, NotFound
from graphfold.loading.backend_operation import BackendOperation, OperationPolicy
from graphfold.loading.keys import UNMATCHED, Keys, duplicate_key_error
from graphfold.loading.load_result import MISSING, Failed
from graphfold.loading.scope import OperationScope
from graphfold.rows.row import Row

__all__ = ["BatchFetch", "BoundAdapter", "read_fetch"]

_log = structlog.get_logger("graphfold.loading")

_CAUSED_BY_ONE_KEY = (InvalidInput, BackendRejected, NotFound)
"""Errors of a whole call for which a single one of its keys may be to blame."""


class BoundAdapter(Protocol):
    """An adapter instance of one running operation, as loading uses it."""

    name: ClassVar[str]
    scope: OperationScope
    calls_sent: int

    @property
    def cache_variant(self) -> str: ...
    def requested_fields(self, row: type[Row[Any]]) -> frozenset[str]: ...
    def for_operation(self, operation: str, *, whole: bool) -> BoundAdapter: ...
    def may_split_batch(self, calls_before: int) -> bool: ...


class BatchFetch:
    """The fetch function of one batch with fixed arguments."""

    __slots__ = ("_adapter", "_args", "_function", "_kwargs", "_operation", "_requested_fields")

    def __init__(
        self,
        operation: BackendOperation,
        adapter: BoundAdapter,
        requested_fields: Callable[[type[Row[Any]]], frozenset[str]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._operation, self._adapter, self._function = operation, adapter, adapter.scope.function(operation)
        self._requested_fields, self._args, self._kwargs = requested_fields, args, kwargs

    async def __call__(self, keys: list[Any]) -> dict[Any, Any]:
        policy = self._operation.policy
        possible = [key for key in keys if _can_exist(key, policy)] if policy.checks_keys else keys
        if len(possible) == len(keys):
            return await self._in_chunks(keys)
        return {**dict.fromkeys(keys, MISSING), **(await self._in_chunks(possible) if possible else {})}

    async def _in_chunks(self, keys: list[Any]) -> dict[Any, Any]:
        policy = self._operation.policy
        size = policy.max_size
        if len(keys) <= size:
            return await self._chunk(keys)
        results: dict[Any, Any] = {}
        pending = iter(chunks := [keys[i : i + size] for i in range(0, len(keys), size)])

        async def worker() -> None:
            for chunk in pending:  # all workers take from one iterator
                results.update(await self._chunk(chunk))

        await asyncio.gather(*(worker() for _ in chunks[: policy.parallel]))
        return results

    async def _chunk(self, keys: list[Any]) -> dict[Any, Any]:
        """Fetch keys with one call. If it fails and one key may be to blame, fetch each half by itself."""
        operation, adapter = self._operation, self._adapter
        calls_before = adapter.calls_sent
        try:
            mapping = await self._function(adapter, Keys(keys, self._requested_fields), *self._args, **self._kwargs)
            return _match(operation, adapter, keys, mapping)
        except Exception as error:
            if len(keys) == 1:
                return {keys[0]: _key_failure(operation, adapter, error)}
            if not (isinstance(error, _CAUSED_BY_ONE_KEY) and adapter.may_split_batch(calls_before)):
                return dict.fromkeys(keys, _failure(operation, adapter, error))
        half = len(keys) // 2
        first, second = await asyncio.gather(self._chunk(keys[:half]), self._chunk(keys[half:]))
        return first | second


def read_fetch(operation: BackendOperation, adapter: BoundAdapter) -> Callable[[list[Any]], Awaitable[dict[Any, Any]]]:
    """Return the fetch function of a read. Its keys are sets of arguments, each fetched with a call of its own."""
    function = adapter.scope.function(operation)

    async def call(arguments: Any) -> Any:
        try:
            return await function(adapter, *arguments.args, **arguments.kwargs)
        except Exception as error:
            return _failure(operation, adapter, error)

    async def fetch(keys: list[Any]) -> dict[Any, Any]:
        return dict(zip(keys, await asyncio.gather(*map(call, keys)), strict=True))

    return fetch


def _can_exist(key: Any, policy: OperationPolicy) -> bool:
    if policy.key_pattern is not None and policy.key_pattern.fullmatch(str(key)) is None:
        return False
    return policy.canonical_key(key) is not None


def _match(operation: BackendOperation, adapter: BoundAdapter, keys: list[Any], mapping: Any) -> dict[Any, Any]:
    """Return a result for each key. Warn of keys that were not requested: usually the keys' types differ."""
    if not isinstance(mapping, Mapping):
        raise TypeError(f"{adapter.name}.{operation.name} returned {type(mapping).__name__}, not a mapping of its keys")
    unmatched_error = mapping.get(UNMATCHED)
    if unmatched_error is not None:
        mapping = {key: value for key, value in mapping.items() if key is not UNMATCHED}
    if operation.policy.key is not None:
        mapping = _by_canonical_key(mapping, operation.policy)
    results = {key: _to_result(operation, adapter, mapping[key]) for key in keys if key in mapping}
    if len(results) == len(keys) == len(mapping):
        return results
    absent: object = MISSING
    if foreign := [key for key in mapping if key not in results]:
        sample = repr(foreign[:3])
        _log.warning("foreign keys", backend=adapter.name, operation=operation.name, count=len(foreign), first=sample)
        error = BackendBadReply(
            "The backend returned keys that were not requested.",
            internal=f"for example {foreign[:3]!r}. Do the key types differ?",
        )
        absent = _failure(operation, adapter, error)
    elif unmatched_error is not None:
        absent = _failure(operation, adapter, unmatched_error)
    elif operation.policy.gives == "list":
        absent = []
    return {key: results.get(key, absent) for key in keys}


def _by_canonical_key(mapping: Mapping[Any, Any], policy: OperationPolicy) -> dict[Any, Any]:
    """Return the values by canonical key. A key with two values gets an error, and the others keep theirs."""
    values: dict[Any, Any] = {}
    for backend_key, value in mapping.items():
        key = policy.canonical_key(backend_key)
        values[backend_key if key is None else key] = duplicate_key_error(key) if key in values else value
    return values


def _to_result(operation: BackendOperation, adapter: BoundAdapter, value: Any) -> Any:
    if value is None or (isinstance(value, GraphError) and value.code == "NOT_FOUND"):
        return MISSING
    return _key_failure(operation, adapter, value) if isinstance(value, Exception) else value


def _key_failure(operation: BackendOperation, adapter: BoundAdapter, error: Exception) -> Failed:
    """Return an error that concerns a single key."""
    result = _failure(operation, adapter, error)
    result.lasting = isinstance(error, BackendRejected)  # the backend would refuse this key again
    return result


def _failure(operation: BackendOperation, adapter: BoundAdapter, error: Exception) -> Failed:
    if isinstance(error, GraphError):
        error.at(adapter.name, operation.name)
    return Failed(error)
