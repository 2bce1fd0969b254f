"""Describe a resolver function: its types, its adapters and its fallback, worked out once when it is declared."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_type_hints

from strawberry import Info
from strawberry.types.field import StrawberryField

from graphfold.adapter.base import Adapter
from graphfold.errors import GraphError
from graphfold.extensions import add_extension, record_covered_error
from graphfold.mistakes import Mistake, function_location

__all__ = ["Fallback", "Resolver", "describe_resolver", "resolver_of"]


@dataclass(frozen=True, slots=True)
class Resolver:
    """A resolver function with its type hints, the parameters that are adapters, and its fallback."""

    function: Callable[..., Any]
    hints: dict[str, Any]
    injected: dict[str, type[Adapter]]
    fallback: Fallback | None = None

    def adapters(self, info: Info[Any, Any]) -> dict[str, Adapter]:
        """Return the adapters of the running operation, by parameter."""
        operation = info.context
        return {name: operation.adapter(adapter) for name, adapter in self.injected.items()}


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a field answers when its backend fails: `value`, or the result of `resolver` if there is one."""

    value: Any
    resolver: Resolver | None

    @property
    def name(self) -> str:
        return self.resolver.function.__name__ if self.resolver is not None else repr(self.value)

    def answer(self, parents: tuple[Any, ...], arguments: dict[str, Any], info: Info[Any, Any]) -> Any:
        """Return the value, or call the function with the field's parent and arguments."""
        if self.resolver is None:
            return self.value
        return self.resolver.function(*parents, **arguments, **self.resolver.adapters(info))

    def covers(self, error: Exception) -> bool:
        """Return whether the error is an outage. A backend's refusal and a caller's mistake stay errors."""
        return isinstance(error, GraphError) and error.is_outage

    def report(self, path: list[str | int], error: Any) -> None:
        """Add an entry to the answer's `extensions.fallbacks`, and keep the error itself for the log."""
        add_extension("fallbacks", {"path": path, "code": error.code})
        record_covered_error("fallback", error)


def describe_resolver(function: Callable[..., Any]) -> Resolver:
    """Return the description of a function. Raise `Mistake` for a signature that cannot become a field."""
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: {error}",
            why="a resolver's types are read at run time.",
            fix="import the type at the top of the file, not under TYPE_CHECKING.",
        ) from None
    for name, parameter in inspect.signature(function).parameters.items():
        if name not in hints and name != "self":
            raise Mistake(
                function_location(function),
                f"{function.__qualname__}: the parameter {name!r} has no type",
                why="its type says whether it is an adapter or an argument of the field.",
                fix=f"annotate it, e.g. `{name}: str` or `{name}: Crm`.",
            )
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Mistake(
                function_location(function),
                f"{function.__qualname__} takes *{name}",
                why="the arguments of a field are part of the schema.",
                fix="name each argument.",
            )
    if "return" not in hints:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__} has no return annotation",
            why="the return type is the field's type in the schema.",
            fix="annotate it, e.g. `-> Stock | None`.",
        )
    injected = {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Adapter)}
    return Resolver(function, hints, injected)


def resolver_of(field: StrawberryField) -> Resolver | None:
    """Return the resolver that was declared with `@resolves` for this field; None for plain fields."""
    base = field.base_resolver
    resolver = getattr(base.wrapped_func, "graphfold_resolver", None) if base is not None else None
    return resolver if isinstance(resolver, Resolver) else None
