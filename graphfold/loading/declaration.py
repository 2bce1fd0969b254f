"""Declare operations with `@batch`, `@read` and `@write`, and check the signatures of their functions at import."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Any, Concatenate, ParamSpec, TypeVar, Union, Unpack, get_args, get_origin, get_type_hints, overload

from graphfold.errors import BackendError
from graphfold.loading.backend_operation import ResultKind
from graphfold.loading.declared_operations import BatchOperation, ReadOperation, WriteOperation
from graphfold.loading.keys import Keys
from graphfold.loading.policy_options import CachingOptions, checked_policy
from graphfold.mistakes import Mistake, author_location, function_location, reject_unknown_options
from graphfold.page import Page
from graphfold.rows.row import Row, row_class_in

__all__ = ["batch", "read", "write"]

A = TypeVar("A")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
P = ParamSpec("P")


@reject_unknown_options
class batch:  # a decorator
    """Declares a batch: `async def customers(self, ids: Keys[str]) -> dict[str, CustomerRow]`.

    `max_size`: the most keys in one call. `parallel`: the most calls at once for one dispatch with more keys.
    `key_pattern`: a regular expression for keys; one that does not match is missing without a call, so no client can
    insert a separator into a list of keys. `key`: a function that returns the canonical form of a key, for backends
    that write keys in another way: `key=str.upper` if ab-1 is AB-1, `key=str` if the backend returns numbers. Without
    it, keys are compared as they are, with leading zeros.

    `scope`: what the access token must allow (OAuth2), e.g. "orders:read". `group`: the name of a circuit breaker that
    operations share; by default there is one for the whole backend. `hedge`: if a call takes longer than 19 of 20 do,
    a second attempt is made, and the first reply wins. `critical=False`: the operation is not called when the backend's
    quota is nearly used up. For caching see `CachingOptions`.
    """

    def __init__(
        self,
        *,
        max_size: int = 200,
        key_pattern: str | None = None,
        key: Callable[[Any], Any] | None = None,
        parallel: int = 4,
        scope: str = "",
        group: str = "",
        hedge: bool = False,
        critical: bool = True,
        **caching: Unpack[CachingOptions],
    ) -> None:
        self._policy = checked_policy(
            max_size=max_size,
            key_pattern=_pattern(key_pattern),
            key=_checked_key(key),
            parallel=parallel,
            scope=scope,
            group=group,
            hedge=hedge,
            critical=critical,
            **caching,
        )

    @overload
    def __call__(
        self, function: Callable[Concatenate[A, Keys[K], P], Awaitable[Mapping[K, Page[Row[V]]]]]
    ) -> BatchOperation[K, P, Page[V]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, Keys[K], P], Awaitable[Mapping[K, Page[Row[V]] | BackendError]]]
    ) -> BatchOperation[K, P, Page[V]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, Keys[K], P], Awaitable[Mapping[K, Sequence[Row[V]]]]]
    ) -> BatchOperation[K, P, list[V]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, Keys[K], P], Awaitable[Mapping[K, Row[V] | BackendError]]]
    ) -> BatchOperation[K, P, V]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, Keys[K], P], Awaitable[Mapping[K, V | BackendError]]]
    ) -> BatchOperation[K, P, V]: ...
    def __call__(self, function: Any) -> Any:
        key, value = _key_and_value(function)
        return BatchOperation(
            function, replace(self._policy, gives=_result_kind(value), key_type=key), row_class_in(value)
        )


@reject_unknown_options
class read:  # a decorator
    """Declares a read without keys, such as a page or a search. Equal arguments in one graph operation are one call.

    `primes`: a batch whose loads are answered by the rows of this read. The other options are those of `batch`.
    """

    def __init__(
        self,
        *,
        primes: BatchOperation[Any, Any, Any] | None = None,
        scope: str = "",
        group: str = "",
        hedge: bool = False,
        critical: bool = True,
        **caching: Unpack[CachingOptions],
    ) -> None:
        self._primes = primes
        self._policy = checked_policy(scope=scope, group=group, hedge=hedge, critical=critical, **caching)

    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Awaitable[Page[Row[V]]]]) -> ReadOperation[P, Page[V]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], Awaitable[Sequence[Row[V]]]]
    ) -> ReadOperation[P, list[V]]: ...
    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], Awaitable[Row[V] | None]]
    ) -> ReadOperation[P, V | None]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Awaitable[Row[V]]]) -> ReadOperation[P, V]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Awaitable[V]]) -> ReadOperation[P, V]: ...
    def __call__(self, function: Any) -> Any:
        _check_coroutine(function, "read")
        hints = _checked_hints(function)
        _check_arguments(function, hints)
        row = row_class_in(hints.get("return"))
        if self._primes is not None:
            _check_primes(function, row, self._primes)
        return ReadOperation(function, self._policy, row, self._primes)


@reject_unknown_options
class write:  # a decorator
    """Declares a write. It is never cached, and repeated after a failure only if it is declared `idempotent`.

    Its function invalidates what it changes: `self.customers.forget(number)`. `scope` and `group` as for `batch`.
    """

    def __init__(self, *, idempotent: bool = False, scope: str = "", group: str = "") -> None:
        self._policy = checked_policy(idempotent=idempotent, scope=scope, group=group)

    @overload
    def __call__(
        self, function: Callable[Concatenate[A, P], Awaitable[Sequence[Row[V]]]]
    ) -> WriteOperation[P, list[V]]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Awaitable[Row[V]]]) -> WriteOperation[P, V]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[A, P], Awaitable[V]]) -> WriteOperation[P, V]: ...
    def __call__(self, function: Any) -> Any:
        _check_coroutine(function, "write")
        return WriteOperation(function, self._policy, row_class_in(_checked_hints(function).get("return")))


def _checked_key(key: object) -> Any:
    if key is None or callable(key):
        return key
    raise Mistake(
        author_location(),
        f"key={key!r} is not a function",
        why="it normalizes requested and returned keys: those that it makes equal are one key.",
        fix="pass a function of one key, e.g. key=str.upper.",
    )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text is not None else None
    except re.error as error:
        raise Mistake(
            author_location(),
            f"key_pattern={text!r} is not a regular expression: {error}",
            why="each key is matched against it.",
            fix=r'write a pattern that every key matches, e.g. key_pattern=r"[0-9]+".',
        ) from None


def _check_coroutine(function: Any, kind: str) -> None:
    if not inspect.iscoroutinefunction(function):
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: a @{kind} function must be `async def`",
            why="it waits for a backend.",
            fix=f"write `async def {function.__name__}(...)`.",
        )


def _key_and_value(function: Any) -> tuple[Any, Any]:
    """Return the key and value types of the mapping that a batch function returns. Check the whole signature."""
    _check_coroutine(function, "batch")
    hints = _checked_hints(function)
    keys = _key_type(function, hints)
    returned = hints.get("return")
    origin = get_origin(returned)
    if not (isinstance(origin, type) and issubclass(origin, Mapping)):
        raise Mistake(
            function_location(function),
            f"{function.__qualname__} must return a mapping of key to value, not {_text(returned)}",
            why="in a list, only the order would say which result belongs to which key.",
            fix="return `dict[str, CustomerRow]`, made with `by(rows, lambda row: row.id)`.",
        )
    key, value = get_args(returned)
    _check_arguments(function, hints)
    if keys != key:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: the keys are {_text(keys)}, but the mapping's keys are {_text(key)}",
            why="a result is looked up by its key; 1 and '1' are different keys.",
            fix="use one type in both places and convert in the function.",
        )
    return key, value


def _key_type(function: Any, hints: dict[str, Any]) -> Any:
    parameters = list(inspect.signature(function).parameters)
    first = hints.get(parameters[1]) if len(parameters) > 1 else None
    if get_origin(first) is not Keys:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: the first parameter must be the keys; it is {_text(first)}",
            why="a batch loads many keys with one call.",
            fix="write `ids: Keys[str]`. For one item at a time, use @read.",
        )
    return get_args(first)[0]


def _result_kind(value: Any) -> ResultKind:
    """Return whether there is a row, a list (empty if the backend has nothing) or another value for one key."""
    parts = get_args(value) if get_origin(value) in (Union, UnionType) else (value,)
    if any(get_origin(part) in (list, Sequence) for part in parts):
        return "list"
    return "row" if any(isinstance(part, type) and issubclass(part, Row) for part in parts) else "value"


def _check_arguments(function: Any, hints: dict[str, Any]) -> None:
    """Check that each argument can be part of a key, because calls with equal arguments share a result."""
    for name, hint in hints.items():
        kind = get_args(hint)[0] if get_origin(hint) is Keys else hint
        if name != "return" and not (_is_hashable(kind) or (kind is hint and _can_be_frozen(kind))):
            raise Mistake(
                function_location(function),
                f"{function.__qualname__}: {name} is {_text(kind)}, which cannot be a key",
                why="calls with equal keys and arguments share one call and one cache entry.",
                fix="use immutable values: text, numbers, enums, tuples, frozen dataclasses.",
            )


def _is_hashable(hint: Any) -> bool:
    kind = get_origin(hint) or hint
    return not isinstance(kind, type) or kind.__hash__ is not None


def _can_be_frozen(hint: Any) -> bool:
    """Return whether a hashable copy can be made of arguments of this type; keys are not copied."""
    kind = get_origin(hint) or hint
    return is_dataclass(kind) or issubclass(kind, list | dict | set)


def _check_primes(function: Any, row: type[Row[Any]] | None, primes: BatchOperation[Any, Any, Any]) -> None:
    wanted = primes.row
    if row is None or wanted is None or not issubclass(row, wanted):
        raise Mistake(
            function_location(function),
            f"{function.__qualname__} primes {primes.name} with {_text(row)}, but that returns {_text(wanted)}",
            why="a primed row must be of the type that the batch returns.",
            fix=f"return {_text(wanted)} or a subclass of it, or do not prime.",
        )
    if wanted.shape.key is None:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__} primes {primes.name}, but {wanted.__name__} has no key",
            why="the key says which load a row belongs to.",
            fix=f'name it: class {wanted.__name__}(Row[...], key="number").',
        )


def _checked_hints(function: Any) -> dict[str, Any]:
    try:
        return get_type_hints(function, localns=_locals(function))
    except NameError as error:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: {error}",
            why="the types of an operation are read at run time.",
            fix="import the type at the top of the file, not under TYPE_CHECKING.",
        ) from None


def _locals(function: Any) -> dict[str, Any]:
    """Return the local names visible at a function: a class inside a function sees the names of that function."""
    frame, names = inspect.currentframe(), dict[str, Any]()
    while frame is not None:
        if frame.f_code.co_filename == function.__code__.co_filename:
            names = {**frame.f_locals, **names}
        frame = frame.f_back
    return names


def _text(declared: Any) -> str:
    return "not annotated" if declared is None else getattr(declared, "__name__", str(declared))
