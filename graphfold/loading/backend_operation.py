"""Describe one operation of an adapter: the author's function, how it is called, and how its results are cached."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, ClassVar, Literal, cast

from graphfold.cache.policy import CachePolicy
from graphfold.rows.row import Row

__all__ = ["BackendOperation", "OperationPolicy", "ResultKind"]

ResultKind = Literal["row", "list", "value"]
"""What an operation returns for one key: a row, a list (empty if the backend has nothing), or anything else."""


@dataclass(frozen=True, slots=True)
class OperationPolicy(CachePolicy):
    """The options of `@batch`, `@read` and `@write`: when and how an operation is called and its results are cached.

    Batches: `max_size` keys go into one call, and of a dispatch with more keys `parallel` calls run at once. A key that
    does not match `key_pattern` is missing without a call; `key` maps the spellings of one key to its canonical form.
    `gives` says what there is for one key, `key_type` is the declared type of the keys.

    Calls: `scope` is what the access token has to allow, `group` names the circuit breaker, `hedge` allows a second
    attempt while the first is slow. An operation that is not `critical` is not called when the backend's quota is
    nearly used up. A write is repeated after a failure only if it is `idempotent`.
    """

    max_size: int = 200
    idempotent: bool = False
    scope: str = ""
    gives: ResultKind = "value"
    key_pattern: re.Pattern[str] | None = None
    key: Callable[[Any], Any] | None = None
    parallel: int = 4
    key_type: Any = str
    group: str = ""
    hedge: bool = False
    critical: bool = True

    @property
    def checks_keys(self) -> bool:
        """Whether a value of the keys' type can be impossible as a key."""
        return self.key is not None or self.key_pattern is not None

    def canonical_key(self, key: Any) -> Any:
        """Return the canonical form of a key; None if the value cannot be a key."""
        if self.key is None:
            return key
        try:
            return self.key(key)
        except (TypeError, ValueError, AttributeError):
            return None


class BackendOperation:
    """A declared operation: its function, policy and row class, and its name once it belongs to an adapter.

    `primes` is the batch whose loads the rows of this operation's results answer. `repeatable` operations may be
    called again after a failure: they read, or they are declared idempotent.
    """

    kind: ClassVar[Literal["batch", "read", "write"]]

    def __init__(
        self,
        function: Callable[..., Awaitable[Any]],
        policy: OperationPolicy,
        row: type[Row[Any]] | None,
        primes: BackendOperation | None = None,
    ) -> None:
        self.primes = primes
        self.function, self.policy, self.row = function, policy, row
        self.name = getattr(function, "__name__", "?")
        self.owner: type | None = None
        self.arguments_key = _CallSignature(function, skip=2 if self.kind == "batch" else 1).arguments_key
        self.repeatable = self.kind != "write" or policy.idempotent
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    @property
    def description(self) -> str:
        """The first line of the author's docstring."""
        return (self.__doc__ or "").strip().partition("\n")[0]


class _CallSignature:
    """The parameters of a function after the first `skip` (`self`, and the keys of a batch)."""

    __slots__ = ("_default_key", "_defaults", "_names", "_plain")

    def __init__(self, function: Callable[..., object], skip: int) -> None:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
        self._plain = all(p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)
        self._names = [p.name for p in parameters]
        self._defaults = [p.default for p in parameters]
        self._default_key = _freeze(tuple(self._defaults)) if self._plain else ()

    def arguments_key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
        """Return one hashable value per parameter, so that equal calls have equal keys however they are written.

        Arguments that do not fit the parameters are frozen as they are: the call itself will raise the `TypeError`.
        """
        if not args and not kwargs:
            return self._default_key
        names, count = self._names, len(args)
        if not self._plain or count > len(names) or not kwargs.keys() <= set(names[count:]):
            return _freeze((args, kwargs))
        by_name = zip(names[count:], self._defaults[count:], strict=True)
        return _freeze((*args, *(kwargs.get(name, default) for name, default in by_name)))


def _freeze(value: Any) -> Hashable:
    """Return a hashable copy of a value; equal values stay equal."""
    if isinstance(value, dict):
        return frozenset((name, _freeze(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    if isinstance(value, set | frozenset):
        return frozenset(_freeze(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return (type(value), *(_freeze(getattr(value, f.name)) for f in fields(value)))
    return cast("Hashable", value)
