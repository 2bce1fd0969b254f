"""What Strawberry knows about a field: that it is an attribute, which function answers it, whether that is a link."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from graphql import GraphQLField
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from graphfold.execution.links import Link, find_link

__all__ = ["DirectField", "direct_field", "pure"]

F = TypeVar("F", bound=Callable[[Any], Any])

_NOTE = "graphfold-known"
_DIRECT = ("_get_basic_result", "_resolver", "_async_resolver")
"""The functions Strawberry makes for fields without extensions and handlers."""


def pure(resolver: F) -> F:
    """Marks a resolver of the engine's own: a function of the parent alone, cheap and without effects."""
    resolver.graphfold_pure = True  # type: ignore[attr-defined]
    return resolver


class DirectField:
    """A Strawberry field without extensions, permissions and exception handlers.

    `attribute`: it is that attribute of its parent. `function`: it is answered by that resolver, with `injected`
    adapters; `link` where the resolver is only a load; `pure` where it is marked so. `fallback` is what was declared
    for the failures of backends; `instead` calls it where it is a function.
    """

    def __init__(self, field: StrawberryField) -> None:
        self.field = field
        self.attribute: str | None = None
        self.function: Callable[..., Any] | None = None
        self.link: Link | None = None
        self.pure: Callable[[Any], Any] | None = None
        self.injected: dict[str, Any] = {}
        self.fallback: Any = None
        self.instead: DirectField | None = None
        resolver = field.base_resolver
        if resolver is None:
            self.attribute = field.python_name
            return
        wrapped: Any = resolver.wrapped_func
        declared = getattr(wrapped, "graphfold_resolver", None)
        self.pure = wrapped if getattr(wrapped, "graphfold_pure", False) else None
        self._self_first = bool(resolver.self_parameter)
        self._parents = [p.name for p in (resolver.parent_parameter, resolver.root_parameter) if p]
        self._info = resolver.info_parameter.name if resolver.info_parameter else None
        self.function = wrapped
        if declared is not None:
            self._unwrap(declared)

    def _unwrap(self, declared: Any) -> None:
        """Ours: called without the wrapper that Strawberry calls, its adapters looked up once for a whole level."""
        self.function, self.injected = declared.function, declared.injected
        self._info = next((n for n, hint in declared.hints.items() if getattr(hint, "__origin__", hint) is Info), None)
        if self._self_first:
            self.link = find_link(declared.function, declared.injected)
        self.fallback = declared.fallback
        if self.fallback is not None and self.fallback.resolver is not None:
            self.instead = copy(self)
            self.instead._unwrap(self.fallback.resolver)

    def caller(
        self, strawberry: Any, arguments: dict[str, Any], context: Any, make_info: Callable[[int], Any]
    ) -> Callable[[Any, int], Any]:
        """A function (source, index) -> result. Arguments are converted once for the level, not for each object."""
        function, info_name, field = self.function, self._info, self.field
        assert function is not None
        fixed: dict[str, Any] = {name: context.adapter(kind) for name, kind in self.injected.items()}
        if self._self_first and not (info_name or self._parents or field.arguments):
            return lambda source, i: function(source, **fixed)
        info_class, convert = strawberry.config.info_class, self._converter(strawberry, arguments)
        given = convert()
        fresh = any(isinstance(value, list | dict) or hasattr(value, "__dict__") for value in given.values())

        def call(source: Any, i: int) -> Any:
            values = {**fixed, **(convert() if fresh and i else given)}
            for name in self._parents:
                values[name] = source
            if info_name:
                values[info_name] = info_class(_raw_info=make_info(i), _field=field)
            return function(source, **values) if self._self_first else function(**values)

        return call

    def _converter(self, strawberry: Any, arguments: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        declared = self.field.arguments
        if not declared:
            return dict
        registry, config = strawberry.schema_converter.scalar_registry, strawberry.config
        return lambda: convert_arguments(arguments, declared, scalar_registry=registry, config=config)


def direct_field(field: GraphQLField) -> DirectField | None:
    """What is known about a field: worked out once, not once for each plan. None for anything out of the ordinary."""
    if _NOTE not in field.extensions:
        field.extensions[_NOTE] = _look(field)
    found: DirectField | None = field.extensions[_NOTE]
    return found


def _look(field: GraphQLField) -> DirectField | None:
    declared = (field.extensions or {}).get("strawberry-definition")
    if type(declared) is not StrawberryField or declared.extensions or declared.default_resolver is not getattr:
        return None
    if getattr(field.resolve, "__name__", "") not in _DIRECT:
        return None
    return DirectField(declared)
