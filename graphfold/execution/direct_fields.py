"""Find out how a Strawberry field can be answered without Strawberry: by an attribute, a function or a link.

Strawberry calls each resolver through a wrapper. Fields without extensions, permissions and exception handlers need
none: their function is called directly, its adapters looked up and its arguments converted once for a whole level.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any, Protocol, TypeVar

from graphql import GraphQLField
from strawberry.schema.base import BaseSchema
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField
from strawberry.types.info import Info

from graphfold.execution.links import Link, find_link
from graphfold.loading.level_loading import AdapterSource

__all__ = ["DirectField", "direct_field", "pure"]

F = TypeVar("F", bound=Callable[[Any], Any])

_NOTE = "graphfold-direct-field"
_PLAIN_WRAPPERS = ("_get_basic_result", "_resolver", "_async_resolver")
"""Names of the wrappers that Strawberry makes for fields without extensions and handlers."""


def pure(resolver: F) -> F:
    """Mark a resolver of the engine's own: a function of the parent alone, cheap and without effects."""
    resolver.graphfold_pure = True  # type: ignore[attr-defined]
    return resolver


class DeclaredFallback(Protocol):
    """A field's fallback, as `graphfold.composition` declares it."""

    @property
    def value(self) -> Any: ...
    @property
    def resolver(self) -> DeclaredResolver | None: ...
    def covers(self, error: Exception, /) -> bool: ...
    def report(self, path: list[str | int], error: Exception, /) -> None: ...


class DeclaredResolver(Protocol):
    """A resolver of the graph, as `graphfold.composition` declares it."""

    @property
    def function(self) -> Callable[..., Any]: ...
    @property
    def hints(self) -> dict[str, Any]: ...
    @property
    def injected(self) -> Mapping[str, type]: ...
    @property
    def fallback(self) -> DeclaredFallback | None: ...


class DirectField:
    """A Strawberry field without extensions, permissions and exception handlers.

    It has an `attribute` of its parent, or a resolver `function` with `injected` adapters. `link` is set if the
    resolver is only a load, `pure` if it is marked as such. `fallback` is the one declared for failures of backends,
    and `fallback_resolver` the field as that answers it, if the fallback is a function.
    """

    def __init__(self, field: StrawberryField) -> None:
        self.field = field
        self.attribute: str | None = None
        self.function: Callable[..., Any] | None = None
        self.link: Link | None = None
        self.pure: Callable[[Any], Any] | None = None
        self.injected: Mapping[str, type] = {}
        self.fallback: DeclaredFallback | None = None
        self.fallback_resolver: DirectField | None = None
        resolver = field.base_resolver
        if resolver is None:
            self.attribute = field.python_name
            return
        wrapped: Any = resolver.wrapped_func
        declared: DeclaredResolver | None = getattr(wrapped, "graphfold_resolver", None)
        self.pure = wrapped if getattr(wrapped, "graphfold_pure", False) else None
        self._self_first = bool(resolver.self_parameter)
        self._parents = [p.name for p in (resolver.parent_parameter, resolver.root_parameter) if p]
        self._info = resolver.info_parameter.name if resolver.info_parameter else None
        self.function = wrapped
        if declared is not None:
            self._unwrap(declared)

    def _unwrap(self, declared: DeclaredResolver) -> None:
        """Call a resolver of the graph without its own wrapper, which injects adapters call by call."""
        self.function, self.injected = declared.function, declared.injected
        self._info = next((n for n, hint in declared.hints.items() if getattr(hint, "__origin__", hint) is Info), None)
        if self._self_first:
            self.link = find_link(declared.function, declared.injected)
        self.fallback = declared.fallback
        if self.fallback is not None and self.fallback.resolver is not None:
            self.fallback_resolver = copy(self)
            self.fallback_resolver._unwrap(self.fallback.resolver)

    def call(
        self,
        strawberry: BaseSchema,
        arguments: dict[str, Any],
        adapters: AdapterSource,
        make_info: Callable[[int], Any],
    ) -> Callable[[Any, int], Any]:
        """Return a function (object, index) -> result for a level. `make_info` makes the `info` of an index."""
        function, info_name, field = self.function, self._info, self.field
        assert function is not None
        fixed: dict[str, Any] = {name: adapters.adapter(kind) for name, kind in self.injected.items()}
        if self._self_first and not (info_name or self._parents or field.arguments):
            return lambda source, i: function(source, **fixed)
        info_class, convert = strawberry.config.info_class, self._converter(strawberry, arguments)
        converted = convert()
        # A resolver may change a list or an input object that it is passed: then each call gets values of its own.
        mutable = any(isinstance(value, list | dict) or hasattr(value, "__dict__") for value in converted.values())

        def call(source: Any, i: int) -> Any:
            values = {**fixed, **(convert() if mutable and i else converted)}
            for name in self._parents:
                values[name] = source
            if info_name:
                values[info_name] = info_class(_raw_info=make_info(i), _field=field)
            return function(source, **values) if self._self_first else function(**values)

        return call

    def _converter(self, strawberry: BaseSchema, arguments: dict[str, Any]) -> Callable[[], dict[str, Any]]:
        declared = self.field.arguments
        if not declared:
            return dict
        registry, config = strawberry.schema_converter.scalar_registry, strawberry.config
        return lambda: convert_arguments(arguments, declared, scalar_registry=registry, config=config)


def direct_field(field: GraphQLField) -> DirectField | None:
    """Return how a field can be answered without Strawberry; None if it cannot. Kept with the field for all plans."""
    if _NOTE not in field.extensions:
        field.extensions[_NOTE] = _inspect(field)
    direct: DirectField | None = field.extensions[_NOTE]
    return direct


def _inspect(field: GraphQLField) -> DirectField | None:
    declared = (field.extensions or {}).get("strawberry-definition")
    if type(declared) is not StrawberryField or declared.extensions or declared.default_resolver is not getattr:
        return None
    if getattr(field.resolve, "__name__", "") not in _PLAIN_WRAPPERS:
        return None
    return DirectField(declared)
