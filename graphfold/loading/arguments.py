"""The arguments of a call as a key: the same arguments are one call, however they were written."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any, cast

__all__ = ["Signature"]


class Signature:
    """The parameters of an operation behind `self` (and, with `skip=2`, behind the keys)."""

    __slots__ = ("_defaults", "_names", "_plain", "_unsaid")

    def __init__(self, function: Callable[..., Any], skip: int) -> None:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
        self._plain = all(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
        self._names = [p.name for p in parameters]
        self._defaults = [p.default for p in parameters]
        self._unsaid = _frozen(tuple(self._defaults)) if self._plain else ()

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
        """One value for each parameter, in their order. Wrong arguments stay as they are: the call will say so."""
        if not args and not kwargs:
            return self._unsaid
        names, given = self._names, len(args)
        if not self._plain or given > len(names) or not kwargs.keys() <= set(names[given:]):
            return _frozen((args, kwargs))
        rest = zip(names[given:], self._defaults[given:], strict=True)
        return _frozen((*args, *(kwargs.get(name, default) for name, default in rest)))


def _frozen(value: Any) -> Hashable:
    """The value as something that can be a key; equal values stay equal."""
    if isinstance(value, dict):
        return frozenset((name, _frozen(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_frozen(item) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(_frozen(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(_frozen(getattr(value, f.name)) for f in fields(value)))
    return cast("Hashable", value)
