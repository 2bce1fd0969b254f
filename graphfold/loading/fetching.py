"""Calls the author's function for the keys of one dispatch: split, matched by key, each error kept to its keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from graphfold.errors import BackendBadReply, BackendRejected, GraphError, InvalidInput, NotFound
from graphfold.loading.answer import MISSING, Failed
from graphfold.loading.keys import OTHERS, Keys, answered_twice
from graphfold.rows.row import Row

if TYPE_CHECKING:
    from graphfold.loading.backend_operations import BackendOperation, Policy

__all__ = ["BatchFetch", "failed", "fetch_read"]

_log = structlog.get_logger("graphfold.loading")

_OF_ONE_KEY = (InvalidInput, BackendRejected, NotFound)
"""What may be the fault of a single key among those that were asked for."""


class BatchFetch:
    """The fetch function of one batch with fixed arguments."""

    __slots__ = ("_adapter", "_args", "_asked", "_function", "_kwargs", "_operation")

    def __init__(
        self,
        operation: BackendOperation,
        adapter: Any,
        asked: Callable[[type[Row[Any]]], frozenset[str]],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._operation, self._adapter, self._function = operation, adapter, adapter.scope.function(operation)
        self._asked, self._args, self._kwargs = asked, args, kwargs

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
        answers: dict[Any, Any] = {}
        chunks = iter(parts := [keys[i : i + size] for i in range(0, len(keys), size)])

        async def in_turn() -> None:
            for part in chunks:
                answers.update(await self._chunk(part))

        await asyncio.gather(*(in_turn() for _ in parts[: policy.parallel]))
        return answers

    async def _chunk(self, keys: list[Any]) -> dict[Any, Any]:
        """One call. Where it fails and a single key may be to blame, its halves by themselves."""
        operation, adapter = self._operation, self._adapter
        sent = adapter.sent
        try:
            found = await self._function(adapter, Keys(keys, self._asked), *self._args, **self._kwargs)
            return _matched(operation, adapter, keys, found)
        except Exception as error:
            if len(keys) == 1:
                return {keys[0]: _alone(operation, adapter, error)}
            if not (isinstance(error, _OF_ONE_KEY) and adapter.may_part(sent)):
                return dict.fromkeys(keys, failed(error, adapter.name, operation.name))
        half = len(keys) // 2
        first, second = await asyncio.gather(self._chunk(keys[:half]), self._chunk(keys[half:]))
        return first | second


def fetch_read(operation: BackendOperation, adapter: Any) -> Callable[[list[Any]], Any]:
    """The fetch function of a read: a call for each different set of arguments."""
    function = adapter.scope.function(operation)

    async def one(arguments: Any) -> Any:
        try:
            answer = await function(adapter, *arguments.args, **arguments.kwargs)
        except Exception as error:
            return failed(error, adapter.name, operation.name)
        return answer

    async def fetch(keys: list[Any]) -> dict[Any, Any]:
        return dict(zip(keys, await asyncio.gather(*map(one, keys)), strict=True))

    return fetch


def failed(error: Exception, backend: str, operation: str) -> Failed:
    """The error as an answer; a missing thing is no error here, `load` and `find` decide what it means."""
    if isinstance(error, GraphError):
        error.at(backend, operation)
    return Failed(error)


def _can_exist(key: Any, policy: Policy) -> bool:
    if policy.key_pattern is not None and policy.key_pattern.fullmatch(str(key)) is None:
        return False
    return policy.written(key) is not None


def _matched(operation: BackendOperation, adapter: Any, keys: list[Any], found: Any) -> dict[Any, Any]:
    """An answer for each key. What nobody asked for is told: usually the keys' types differ."""
    if not isinstance(found, Mapping):
        raise TypeError(f"{adapter.name}.{operation.name} returned {type(found).__name__}, not a mapping of its keys")
    lost = found.get(OTHERS)
    if lost is not None:
        found = {key: value for key, value in found.items() if key is not OTHERS}
    if operation.policy.key is not None:
        found = _as_written_here(found, operation.policy)
    answers = {key: _answer(operation, adapter, found[key]) for key in keys if key in found}
    if len(answers) == len(keys) == len(found):
        return answers
    foreign = [key for key in found if key not in answers]
    if foreign:
        told = repr(foreign[:3])
        _log.warning("foreign keys", backend=adapter.name, operation=operation.name, count=len(foreign), first=told)
    absent = _foreign(operation, adapter, foreign) if foreign else _absent(operation, adapter, lost)
    return {key: answers.get(key, absent) for key in keys}


def _absent(operation: BackendOperation, adapter: Any, lost: GraphError | None) -> Any:
    """What a key has that is not in the mapping: nothing, unless what is not known of it was `lost`."""
    if lost is not None:
        return failed(lost, adapter.name, operation.name)
    return [] if operation.policy.gives == "list" else MISSING


def _as_written_here(found: Mapping[Any, Any], policy: Policy) -> dict[Any, Any]:
    """By the keys as they are written here. Two that are one fail alone."""
    ours: dict[Any, Any] = {}
    for theirs, value in found.items():
        key = policy.written(theirs)
        ours[theirs if key is None else key] = answered_twice(key) if key in ours else value
    return ours


def _answer(operation: BackendOperation, adapter: Any, value: Any) -> Any:
    if value is None:
        return MISSING
    if isinstance(value, GraphError) and value.code == "NOT_FOUND":
        return MISSING
    return _alone(operation, adapter, value) if isinstance(value, Exception) else value


def _alone(operation: BackendOperation, adapter: Any, error: Exception) -> Failed:
    """The error of this key and no other."""
    answer = failed(error, adapter.name, operation.name)
    answer.lasting = isinstance(error, BackendRejected)  # asked again it would refuse again
    return answer


def _foreign(operation: BackendOperation, adapter: Any, foreign: list[Any]) -> Failed:
    error = BackendBadReply(
        "The backend answered other keys than it was asked for.",
        internal=f"for example {foreign[:3]!r}. Do the key types differ?",
    )
    return failed(error, adapter.name, operation.name)
