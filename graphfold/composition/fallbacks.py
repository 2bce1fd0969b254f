"""Check declared fallbacks, and apply them to awaited resolvers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from inspect import isawaitable
from types import UnionType
from typing import Any, Union, get_args, get_origin

from graphql.pyutils import Path
from strawberry import Info
from strawberry.types.unset import UNSET

from graphfold.composition.resolver import Fallback, Resolver
from graphfold.mistakes import Mistake, function_location

__all__ = ["NO_FALLBACK", "FallbackAwaitable", "check_fallback", "with_fallback"]

NO_FALLBACK: Any = UNSET
"""No fallback is declared. None cannot say that, because None is a fallback."""


class FallbackAwaitable:
    """A resolver's awaitable together with its fallback, for operations that graphql-core runs.

    An executor that ends waits at the deadline awaits `awaitable` itself and calls `fall_back` for the error. Anything
    else awaits this object and gets both in one.
    """

    __slots__ = ("_answer_fallback", "_path", "awaitable", "fallback")

    def __init__(
        self, fallback: Fallback, awaitable: Awaitable[Any], answer_fallback: Callable[[], Any], path: Path
    ) -> None:
        self.fallback, self.awaitable = fallback, awaitable
        self._answer_fallback, self._path = answer_fallback, path

    def fall_back(self, error: Exception) -> Any:
        """Return the fallback's value, or an awaitable of it. Raise the error if the fallback does not cover it."""
        if not self.fallback.covers(error):
            raise error
        self.fallback.report(self._path.as_list(), error)
        return self._answer_fallback()

    async def _result(self) -> Any:
        try:
            return await self.awaitable
        except Exception as error:
            value = self.fall_back(error)
        # Outside the handler, so that an error of the fallback does not have the first one as its context.
        return await value if isawaitable(value) else value

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._result().__await__()


def with_fallback(
    fallback: Fallback, result: Any, parents: tuple[Any, ...], arguments: dict[str, Any], info: Info[Any, Any]
) -> Any:
    """Return a resolver's awaitable with its fallback; a plain value is returned unchanged."""
    if not isawaitable(result):
        return result
    return FallbackAwaitable(fallback, result, lambda: fallback.answer(parents, arguments, info), info.path)


def check_fallback(owner: str, field: Resolver, fallback: Fallback) -> None:
    """Raise `Mistake` if a fallback cannot stand in for this field of the GraphQL type `owner`."""
    if owner in ("Mutation", "Subscription"):
        mutation = owner == "Mutation"
        raise Mistake(
            function_location(field.function),
            f"{field.function.__qualname__}: a field of {owner} has no fallback",
            why="a mutation that failed may have been carried out."
            if mutation
            else "it yields events, not one answer.",
            fix="remove fallback=...; the error says whether to try again.",
        )
    if fallback.resolver is not None:
        _check_function(field, fallback.resolver)
        return
    types = _union_members(field.hints["return"])
    if type(fallback.value) not in types and all(isinstance(member, type) for member in types):
        raise Mistake(
            function_location(field.function),
            f"{field.function.__qualname__}: fallback={fallback.value!r} is not what the field returns",
            why="clients cannot see whether a value comes from the field or its fallback.",
            fix="use a value of the field's type, None only where that may be null.",
        )


def _check_function(field: Resolver, fallback: Resolver) -> None:
    expected, actual = _arguments(field), _arguments(fallback)
    name = field.function.__qualname__
    if expected != actual:
        raise Mistake(
            function_location(fallback.function),
            f"{fallback.function.__qualname__} takes {', '.join(actual) or 'nothing'}, "
            f"{name} takes {', '.join(expected) or 'nothing'}",
            why="a fallback is called with the field's parent and arguments; only its adapters may differ.",
            fix="give it the same parameters beside its adapters.",
        )
    if not _union_members(fallback.hints["return"]) <= _union_members(field.hints["return"]):
        raise Mistake(
            function_location(fallback.function),
            f"{fallback.function.__qualname__} has another return type than {name}",
            why="clients cannot see whether a value comes from the field or its fallback.",
            fix=f"return what {name} returns.",
        )


def _arguments(resolver: Resolver) -> dict[str, Any]:
    return {name: hint for name, hint in resolver.hints.items() if name != "return" and name not in resolver.injected}


def _union_members(hint: Any) -> set[Any]:
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}
