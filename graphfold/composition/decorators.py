"""`@resolves` and `@finds`: turn functions into fields of the graph, and into finders of `node(id:)`.

The signature of a resolver says what it needs. A parameter annotated with an adapter class is injected, `info: Info` is
Strawberry's, `self` is the parent object, and every other parameter is an argument of the field. The function itself is
returned unchanged, so tests can call it. Strawberry gets a wrapper, with the adapters left out of its signature:

    async def stock(self: Product, inventory: Inventory, depot: str) -> Stock     what the author writes
    def object_field(self, info, *, depot: str) -> Stock                          what Strawberry calls

The wrapper runs only where graphql-core resolves the field. A plan takes the resolver from the wrapper's attribute
`graphfold_resolver` and calls the function itself.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import replace
from inspect import isawaitable, isfunction
from typing import Any, TypeVar, cast

from graphql.pyutils import Path
from strawberry import Info
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graphfold.composition.fallbacks import NO_FALLBACK, check_fallback, with_fallback
from graphfold.composition.global_ids import Node
from graphfold.composition.resolver import Fallback, Resolver, describe_resolver
from graphfold.declarations import current_declarations
from graphfold.loading.stale_values import ResolverPath, resolver_path
from graphfold.mistakes import Mistake, function_location, reject_unknown_options

__all__ = ["add_field", "finds", "resolves"]

F = TypeVar("F", bound=Callable[..., Any])

_ROOTS = {"Query", "Mutation", "Subscription"}
"""Types without a parent object: their resolvers have no `self`."""


@reject_unknown_options
def resolves(owner: type, *, fallback: Any = NO_FALLBACK) -> Callable[[F], F]:
    """Add a field to `owner`: `@resolves(Product) async def stock(self: Product, inventory: Inventory) -> Stock`.

    The field has the name of the function and its docstring as description. `fallback` is the answer while a backend
    fails or when the operation's time is over: a value, or a function with the same parameters beside its adapters.
    """

    def declare(function: F) -> F:
        add_field(owner, function, fallback)
        current_declarations().owners[_definition(owner, function).name] = owner
        return function

    return declare


def add_field(owner: type, function: Callable[..., Any], fallback: Any = NO_FALLBACK) -> None:
    """Add a field to a type, without making the type a part of the graph. Raise `Mistake` if the two do not fit."""
    definition, resolver = _definition(owner, function), describe_resolver(function)
    _check_field(owner, definition, resolver)
    if fallback is not NO_FALLBACK:
        declared = Fallback(None, describe_resolver(fallback)) if isfunction(fallback) else Fallback(fallback, None)
        check_fallback(definition.name, resolver, declared)
        resolver = replace(resolver, fallback=declared)
    is_subscription = definition.name == "Subscription"
    wrapper = _wrapper(resolver, root=definition.name in _ROOTS, is_subscription=is_subscription)
    definition.fields.append(
        StrawberryField(
            python_name=function.__name__,
            base_resolver=StrawberryResolver(wrapper),
            description=inspect.getdoc(function),
            origin=owner,
            is_subscription=is_subscription,
        )
    )
    _declare_adapters(resolver)


def finds(noun: type[Node]) -> Callable[[F], F]:
    """Declare how `node(id:)` finds a node: `@finds(Product) async def product_by_sku(sku: str, catalog: Catalog)`."""

    def declare(function: F) -> F:
        definition, resolver = _definition(noun, function), describe_resolver(function)
        if len(resolver.hints) - ("return" in resolver.hints) - len(resolver.injected) != 1:
            raise Mistake(
                function_location(function),
                f"{function.__qualname__} must take the business key and adapters, nothing else",
                why="`node(id:)` has only the key inside the id.",
                fix=f"write `async def {function.__name__}(key: str, ...) -> {noun.__name__} | None`.",
            )
        first: Resolver = current_declarations().finders.setdefault(definition.name, resolver)
        if first is not resolver:
            raise Mistake(
                function_location(function),
                f"{noun.__name__} is found by {first.function.__qualname__} already "
                f"({function_location(first.function)})",
                why="`node(id:)` calls one function for each type.",
                fix="remove one.",
            )
        _declare_adapters(resolver)
        return function

    return declare


def _declare_adapters(resolver: Resolver) -> None:
    """Make the adapters of a resolver a part of the graph: an adapter that is only imported is none."""
    if resolver.fallback is not None and resolver.fallback.resolver is not None:
        _declare_adapters(resolver.fallback.resolver)
    adapters = current_declarations().adapters
    adapters += [adapter for adapter in resolver.injected.values() if adapter not in adapters]


def _definition(owner: type, function: Callable[..., Any]) -> StrawberryObjectDefinition:
    definition = getattr(owner, "__strawberry_definition__", None)
    if isinstance(definition, StrawberryObjectDefinition):
        return definition
    raise Mistake(
        function_location(function),
        f"{owner.__name__} is not a type of the graph",
        why="fields are added to Strawberry types.",
        fix=f"decorate {owner.__name__} with @strawberry.type.",
    )


def _check_field(owner: type, definition: StrawberryObjectDefinition, resolver: Resolver) -> None:
    function, root = resolver.function, definition.name in _ROOTS
    if any(field.python_name == function.__name__ for field in definition.fields):
        raise Mistake(
            function_location(function),
            f"{owner.__name__} already has a field {function.__name__!r}",
            why="a field has one resolver.",
            fix="give this one another name, or remove the other.",
        )
    first = next(iter(inspect.signature(function).parameters), None)
    if (first == "self") is root:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: the first parameter of a resolver of {owner.__name__} is {first!r}",
            why=f"{owner.__name__} has no parent object." if root else "a field is resolved for its parent object.",
            fix="remove `self`." if root else f"write `self: {owner.__name__}` first.",
        )
    parent = resolver.hints.get("self", owner)
    if parent is not owner:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: self is {getattr(parent, '__name__', parent)}, not {owner.__name__}",
            why="the resolver is called with the object that the field belongs to.",
            fix=f"write `self: {owner.__name__}`.",
        )


def _wrapper(resolver: Resolver, *, root: bool, is_subscription: bool) -> Callable[..., Any]:
    """Return the function that Strawberry calls: it adds the adapters, `info` if wanted, and the fallback."""
    function, adapters, fallback = resolver.function, resolver.adapters, resolver.fallback
    hints = resolver.hints.items()
    info_name = next((name for name, hint in hints if getattr(hint, "__origin__", hint) is Info), None)

    def call(info: Info[Any, Any], parents: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        if info_name:
            arguments[info_name] = info
        if getattr(getattr(info.context, "scope", None), "level_by_level", True):
            result = function(*parents, **arguments, **adapters(info))
        else:
            result = _call_with_path(info.path, lambda: function(*parents, **arguments, **adapters(info)))
        return result if fallback is None else with_fallback(fallback, result, parents, arguments, info)

    def root_field(info: Info[Any, Any], **arguments: Any) -> Any:
        return call(info, (), arguments)

    def subscription_field(info: Info[Any, Any], **arguments: Any) -> Any:
        if info_name:
            arguments[info_name] = info
        return _events(resolver, info.context, arguments)

    def object_field(self: Any, info: Info[Any, Any], **arguments: Any) -> Any:
        return call(info, (self,), arguments)

    wrapper: Any = subscription_field if is_subscription else root_field if root else object_field
    wrapper.__name__, wrapper.__doc__ = function.__name__, function.__doc__
    wrapper.__module__, wrapper.__qualname__ = function.__module__, function.__qualname__
    wrapper.__signature__ = _signature(resolver, info_name, root=root)
    wrapper.graphfold_resolver = resolver
    return cast("Callable[..., Any]", wrapper)


async def _events(resolver: Resolver, request: Any, arguments: dict[str, Any]) -> AsyncGenerator[Any, None]:
    """Yield the events of a subscription. Its adapters live until it ends, but what they load lasts for one event."""
    scope = request.scope(dict)
    adapters = {name: adapter(scope) for name, adapter in resolver.injected.items()}
    source: AsyncIterator[Any] = resolver.function(**arguments, **adapters)
    try:
        async for event in source:
            yield event
            scope.reset()
    finally:
        if isinstance(source, AsyncGenerator):
            await source.aclose()
        await scope.close()


def _signature(resolver: Resolver, info_name: str | None, *, root: bool) -> inspect.Signature:
    """Return the signature that Strawberry reads the field's arguments from."""
    parameter = inspect.Parameter
    arguments = [
        parameter(p.name, parameter.KEYWORD_ONLY, default=p.default, annotation=resolver.hints[p.name])
        for p in inspect.signature(resolver.function).parameters.values()
        if p.name not in resolver.injected and p.name not in ("self", info_name)
    ]
    parents = [] if root else [parameter("self", parameter.POSITIONAL_OR_KEYWORD)]
    info = parameter("info", parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
    return inspect.Signature([*parents, info, *arguments], return_annotation=resolver.hints["return"])


def _call_with_path(path: Path, resolve: Callable[[], Any]) -> Any:
    """Call a resolver with its response path in the context. Plans set it themselves; graphql-core does not."""
    where = ResolverPath(path.as_list)
    token = resolver_path.set(where)
    try:
        result = resolve()
    finally:
        resolver_path.reset(token)
    return _await_with_path(where, result) if isawaitable(result) else result


async def _await_with_path(where: ResolverPath, awaitable: Awaitable[Any]) -> Any:
    token = resolver_path.set(where)
    try:
        return await awaitable
    finally:
        resolver_path.reset(token)
