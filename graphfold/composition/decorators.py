"""`@resolves`: a field of the graph, answered by a function that says in its signature what it needs.

A parameter annotated with an adapter class is injected, `info: Info` is Strawberry's, `self` is the parent object;
every other parameter is an argument of the field. The function itself stays as it is and can be called in tests.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import replace
from inspect import isawaitable, isfunction
from typing import Any, TypeVar, cast

from graphql.pyutils import Path
from strawberry import Info
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graphfold.composition.fallbacks import NO_FALLBACK, check_fallback, with_fallback
from graphfold.composition.global_ids import Node
from graphfold.composition.resolver import Fallback, Resolver, describe_resolver
from graphfold.declarations import current_declarations
from graphfold.loading.staleness import Whereabouts, here
from graphfold.mistakes import Mistake, function_location, reject_unknown_options

__all__ = ["ROOTS", "add_field", "finds", "resolves"]

F = TypeVar("F", bound=Callable[..., Any])

ROOTS = {"Query", "Mutation", "Subscription"}
"""Types without a parent object: their resolvers have no `self`."""


@reject_unknown_options
def resolves(owner: type, *, fallback: Any = NO_FALLBACK) -> Callable[[F], F]:
    """Add a field to `owner`: `@resolves(Product) async def stock(self: Product, inventory: Inventory) -> Stock`.

    The field is named like the function and described by its docstring. `fallback` is what it answers where a backend
    fails or the time is over: a value, or a function that takes the same, but for its adapters.
    """

    def declare(function: F) -> F:
        add_field(owner, function, fallback)
        current_declarations().owners[_definition(owner, function).name] = owner
        return function

    return declare


def add_field(owner: type, function: Callable[..., Any], fallback: Any = NO_FALLBACK) -> None:
    """What `@resolves` does to its type."""
    definition, resolver = _definition(owner, function), describe_resolver(function)
    _check_owner(owner, definition, function, resolver)
    if fallback is not NO_FALLBACK:
        declared = Fallback(None, describe_resolver(fallback)) if isfunction(fallback) else Fallback(fallback, None)
        check_fallback(definition.name, resolver, declared)
        resolver = replace(resolver, fallback=declared)
    definition.fields.append(_field(owner, resolver, root=definition.name in ROOTS))
    _declare_adapters(resolver)


def finds(noun: type[Node]) -> Callable[[F], F]:
    """How `node(id:)` finds a `noun`: `@finds(Product) async def product_by_sku(sku: str, catalog: Catalog)`."""

    def declare(function: F) -> F:
        definition, resolver = _definition(noun, function), describe_resolver(function)
        if len(resolver.hints) - ("return" in resolver.hints) - len(resolver.injected) != 1:
            raise Mistake(
                function_location(function),
                f"{function.__qualname__} must take the business key and adapters, nothing else",
                why="`node(id:)` knows nothing but the key inside the id.",
                fix=f"write `async def {function.__name__}(key: str, ...) -> {noun.__name__} | None`.",
            )
        known: Resolver | None = current_declarations().finders.setdefault(definition.name, resolver)
        if known is not None and known is not resolver:
            raise Mistake(
                function_location(function),
                f"{noun.__name__} is found by {known.function.__qualname__} already "
                f"({function_location(known.function)})",
                why="`node(id:)` asks one of them.",
                fix="remove one.",
            )
        _declare_adapters(resolver)
        return function

    return declare


def _declare_adapters(resolver: Resolver) -> None:
    """An adapter belongs to the graph that uses it, wherever it was imported."""
    if resolver.fallback is not None and resolver.fallback.resolver is not None:
        _declare_adapters(resolver.fallback.resolver)
    known = current_declarations().adapters
    known += [adapter for adapter in resolver.injected.values() if adapter not in known]


def _definition(owner: type, function: Callable[..., Any]) -> StrawberryObjectDefinition:
    definition = getattr(owner, "__strawberry_definition__", None)
    if isinstance(definition, StrawberryObjectDefinition):
        return definition
    raise Mistake(
        function_location(function),
        f"{owner.__name__} is no type of the graph",
        why="fields are added to Strawberry types.",
        fix=f"decorate {owner.__name__} with @strawberry.type.",
    )


def _check_owner(
    owner: type, definition: StrawberryObjectDefinition, function: Callable[..., Any], resolver: Resolver
) -> None:
    if any(field.python_name == function.__name__ for field in definition.fields):
        raise Mistake(
            function_location(function),
            f"{owner.__name__} already has a field {function.__name__!r}",
            why="a field has one resolver.",
            fix="give this one another name, or remove the other.",
        )
    first = next(iter(inspect.signature(function).parameters), None)
    if (first == "self") is (definition.name in ROOTS):
        root = definition.name in ROOTS
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: the first parameter of a resolver of {owner.__name__} is {first!r}",
            why=f"{owner.__name__} has no parent object." if root else "a field is answered for its parent object.",
            fix="remove `self`." if root else f"write `self: {owner.__name__}` first.",
        )
    wanted = resolver.hints.get("self", owner)
    if wanted is not owner:
        raise Mistake(
            function_location(function),
            f"{function.__qualname__}: self is {getattr(wanted, '__name__', wanted)}, not {owner.__name__}",
            why="the resolver is called with the object that the field belongs to.",
            fix=f"write `self: {owner.__name__}`.",
        )


def _field(owner: type, resolver: Resolver, *, root: bool) -> StrawberryField:
    function = resolver.function
    description = inspect.getdoc(function)
    streams = root and get_object_definition(owner, strict=True).name == "Subscription"
    return StrawberryField(
        python_name=function.__name__,
        base_resolver=StrawberryResolver(_called(resolver, root=root, streams=streams)),
        description=description,
        origin=owner,
        is_subscription=streams,
    )


def _called(resolver: Resolver, *, root: bool, streams: bool) -> Callable[..., Any]:
    """What Strawberry calls: the function without its adapters, which are added when it runs."""
    function, adapters, fallback = resolver.function, resolver.adapters, resolver.fallback
    events = _events(resolver)
    passes_info = _info_name(resolver)

    def call(info: Any, parents: tuple[Any, ...], arguments: dict[str, Any]) -> Any:
        if passes_info:
            arguments[passes_info] = info
        if getattr(getattr(info.context, "scope", None), "level_by_level", True):
            answer = function(*parents, **arguments, **adapters(info))
        else:
            answer = _resolved_at(info.path, lambda: function(*parents, **arguments, **adapters(info)))
        return answer if fallback is None else with_fallback(fallback, answer, parents, arguments, info)

    def root_field(info: Any, **arguments: Any) -> Any:
        return call(info, (), arguments)

    def stream(info: Any, **arguments: Any) -> Any:
        if passes_info:
            arguments[passes_info] = info
        return events(info.context, arguments)

    def object_field(self: Any, info: Any, **arguments: Any) -> Any:
        return call(info, (self,), arguments)

    called: Any = stream if streams else root_field if root else object_field
    called.__name__, called.__doc__ = function.__name__, function.__doc__
    called.__module__, called.__qualname__ = function.__module__, function.__qualname__
    called.__signature__ = _signature(resolver, passes_info, root=root)
    called.graphfold_resolver = resolver
    return cast("Callable[..., Any]", called)


def _events(resolver: Resolver) -> Callable[..., AsyncGenerator[Any, None]]:
    """The source of a subscription. Its adapters live as long as it does, what they have loaded only for one event."""

    async def events(request: Any, arguments: dict[str, Any]) -> AsyncGenerator[Any, None]:
        scope = request.scope(dict)
        adapters = {name: adapter(scope) for name, adapter in resolver.injected.items()}
        source: AsyncIterator[Any] = resolver.function(**arguments, **adapters)
        try:
            async for event in source:
                yield event
                scope.renew()
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()
            await scope.close()

    return events


def _info_name(resolver: Resolver) -> str | None:
    return next((name for name, hint in resolver.hints.items() if (getattr(hint, "__origin__", hint)) is Info), None)


def _signature(resolver: Resolver, passes_info: str | None, *, root: bool) -> inspect.Signature:
    kinds = inspect.Parameter
    declared = inspect.signature(resolver.function).parameters.values()
    arguments = [
        kinds(p.name, kinds.KEYWORD_ONLY, default=p.default, annotation=resolver.hints[p.name])
        for p in declared
        if p.name not in resolver.injected and p.name not in ("self", passes_info)
    ]
    parents = [] if root else [kinds("self", kinds.POSITIONAL_OR_KEYWORD)]
    info = kinds("info", kinds.POSITIONAL_OR_KEYWORD, annotation=Info)
    return inspect.Signature([*parents, info, *arguments], return_annotation=resolver.hints["return"])


def _resolved_at(path: Path, resolve: Callable[[], Any]) -> Any:
    """What a resolver gives that graphql-core runs, which does not say in the context where it is. Plans do."""
    where = Whereabouts(path.as_list)
    token = here.set(where)
    try:
        found = resolve()
    finally:
        here.reset(token)
    return _with_path(where, found) if isawaitable(found) else found


async def _with_path(where: Whereabouts, work: Awaitable[Any]) -> Any:
    token = here.set(where)
    try:
        return await work
    finally:
        here.reset(token)
