"""What a field answers when its backend does not: a value, or what another resolver gives. Checked when declared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from inspect import isawaitable
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from strawberry.types.unset import UNSET

from graphfold.errors import GraphError
from graphfold.extensions import cover, note
from graphfold.mistakes import Mistake, place_of

if TYPE_CHECKING:
    from graphfold.composition.resolvers import Resolver

__all__ = ["NONE", "Fallback", "Guarded", "checked", "guarded"]

NONE: Any = UNSET
"""No fallback is declared: None itself is one."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """`value`, or `resolver` where another function answers."""

    value: Any
    resolver: Resolver | None

    @property
    def name(self) -> str:
        return self.resolver.function.__name__ if self.resolver is not None else repr(self.value)

    def answer(self, parents: tuple[Any, ...], arguments: dict[str, Any], info: Any) -> Any:
        """The value, or what the function gives for the same parent and arguments."""
        if self.resolver is None:
            return self.value
        return self.resolver.function(*parents, **arguments, **self.resolver.adapters(info))

    def covers(self, error: Exception) -> bool:
        """An outage. A backend's refusal and what the caller did wrong have no other answer."""
        return isinstance(error, GraphError) and error.is_outage

    def tell(self, path: list[str | int], error: Any) -> None:
        """For the answer's `extensions.fallbacks`: where it was, and instead of which error; the log has the rest."""
        note("fallbacks", {"path": path, "code": error.code})
        cover("fallback", error)


class Guarded:
    """What a resolver gives, with its fallback: awaited in the resolver's place where graphql-core runs the operation.

    `work` and `instead` are for whoever ends waits; what awaits it otherwise has both in one.
    """

    __slots__ = ("_path", "declared", "other", "work")

    def __init__(self, declared: Fallback, work: Awaitable[Any], other: Callable[[], Any], path: Any) -> None:
        self.declared, self.work, self.other, self._path = declared, work, other, path

    def instead(self, error: Exception) -> Any:
        """The other answer, or what has to be awaited for it. Raises an error that has none."""
        if not self.declared.covers(error):
            raise error
        self.declared.tell(self._path.as_list(), error)
        return self.other()

    async def _answer(self) -> Any:
        try:
            return await self.work
        except Exception as error:
            other = self.instead(error)
        return await other if isawaitable(other) else other

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._answer().__await__()


def guarded(
    declared: Fallback, work: Any, parents: tuple[Any, ...], arguments: dict[str, Any], info: Any
) -> Guarded | Any:
    """What has to be awaited, with its fallback; a value as it is."""
    if not isawaitable(work):
        return work
    return Guarded(declared, work, lambda: declared.answer(parents, arguments, info), info.path)


def checked(owner: str, field: Resolver, fallback: Fallback) -> Fallback:
    """The same. Raises `Mistake` where it cannot stand in for the field."""
    if owner in ("Mutation", "Subscription"):
        raise Mistake(
            place_of(field.function),
            f"{field.function.__qualname__}: a field of {owner} has no fallback",
            why="nobody knows whether what failed was done." if owner == "Mutation" else "events are not answers.",
            fix="remove fallback=...; the error says whether to try again.",
        )
    if fallback.resolver is not None:
        _check_function(field, fallback.resolver)
    else:
        _check_value(field, fallback.value)
    return fallback


def _check_function(field: Resolver, other: Resolver) -> None:
    wanted, given = _arguments(field), _arguments(other)
    name = field.function.__qualname__
    if wanted != given:
        raise Mistake(
            place_of(other.function),
            f"{other.function.__qualname__} takes {_listed(given)}, {name} takes {_listed(wanted)}",
            why="a fallback is asked what the field was asked, of the same parent; only its adapters are its own.",
            fix="give it the same parameters beside its adapters.",
        )
    if not _kinds(other.hints["return"]) <= _kinds(field.hints["return"]):
        raise Mistake(
            place_of(other.function),
            f"{other.function.__qualname__} returns something else than {name}",
            why="clients see one field, whoever answers it.",
            fix=f"return what {name} returns.",
        )


def _check_value(field: Resolver, value: Any) -> None:
    kinds = _kinds(field.hints["return"])
    if type(value) not in kinds and all(isinstance(kind, type) for kind in kinds):
        raise Mistake(
            place_of(field.function),
            f"{field.function.__qualname__}: fallback={value!r} is not what the field returns",
            why="clients see one field, whoever answers it.",
            fix="use a value of the field's type, None only where that may be null.",
        )


def _arguments(resolver: Resolver) -> dict[str, Any]:
    own = {*resolver.injected, "return"}
    return {name: hint for name, hint in resolver.hints.items() if name not in own}


def _listed(arguments: dict[str, Any]) -> str:
    return ", ".join(arguments) or "nothing"


def _kinds(hint: Any) -> set[Any]:
    return set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}
