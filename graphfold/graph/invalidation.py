"""Validate invalidations that come from outside: names of a backend and an operation, and keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any

import msgspec

from graphfold.adapter.base import Adapter
from graphfold.errors import InvalidInput
from graphfold.loading.backend_operation import BackendOperation
from graphfold.loading.declared_operations import BatchOperation, WriteOperation

__all__ = ["checked_keys"]


def checked_keys(
    adapters: Iterable[type[Adapter]], backend: str, operation: str, keys: Sequence[Any] | None
) -> list[Any] | None:
    """Return keys from outside (JSON values or text) as the operation's own key type; None stands for all keys.

    Raises `InvalidInput` for a backend, an operation or a key that cannot be.
    """
    declared = _operation(adapters, backend, operation)
    return None if keys is None else [_key(declared, f"{backend}.{operation}", key) for key in keys]


def _operation(known_adapters: Iterable[type[Adapter]], backend: str, name: str) -> BackendOperation:
    adapters = {adapter.name: adapter for adapter in known_adapters}
    if backend not in adapters:
        raise InvalidInput(f"There is no backend named {backend[:60]!r}.{_suggestion(backend, adapters)}")
    operations = {operation.name: operation for operation in adapters[backend].operations()}
    found = operations.get(name)
    if found is None:
        raise InvalidInput(f"{backend} has no operation named {name[:60]!r}.{_suggestion(name, operations)}")
    if isinstance(found, WriteOperation):
        raise InvalidInput(f"{backend}.{name} writes: nothing of it is cached.")
    return found


def _key(operation: BackendOperation, name: str, key: Any) -> Any:
    if not isinstance(operation, BatchOperation):
        raise InvalidInput(f"{name} has no keys: invalidate the whole operation, with `all`.")
    policy = operation.policy
    converted = _converted(policy.key_type, key)
    if converted is None:
        kind = getattr(policy.key_type, "__name__", policy.key_type)
        raise InvalidInput(f"{_shown(key)} is no key of {name}: its keys are of type {kind}.")
    written, pattern = policy.canonical_key(converted), policy.key_pattern
    if written is None:
        raise InvalidInput(f"{_shown(key)} is no key of {name}.")
    if pattern is not None and not pattern.fullmatch(str(written)):
        raise InvalidInput(f"{_shown(key)} is no key of {name}: its keys look like {pattern.pattern}.")
    return written


def _converted(kind: Any, key: Any) -> Any:
    """Return the key as the operation's key type; None if it cannot be one. The command line sends text only."""
    if kind is str:
        return str(key) if isinstance(key, str | int) and not isinstance(key, bool) else None
    with suppress(msgspec.ValidationError, TypeError):
        return msgspec.convert(key, kind, strict=False)
    if isinstance(key, str):
        with suppress(msgspec.MsgspecError, TypeError):
            return msgspec.json.decode(key, type=kind, strict=False)
    return None


def _suggestion(name: str, known: dict[str, Any]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(known))}."


def _shown(key: Any) -> str:
    return repr(key)[:60]
