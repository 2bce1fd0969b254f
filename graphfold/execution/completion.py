"""Complete values: turn what resolvers returned into the answer, all values of a level together.

Values are looked at by type, not one by one: the set of their Python types tells whether any has to be awaited, is null
or an error. A level without such values costs a few calls; only the others are sorted out one by one.

    take      awaits what has to be awaited, by a ResolverDriver
    complete  nulls, errors and fallbacks, then by the type that the schema declares:
                leaf      coerced, put into the rows
                list      flattened, its items taken as values of ItemPositions
                abstract  grouped by object type
                object    the objects of the next level
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import suppress
from itertools import chain
from types import GeneratorType, NoneType
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    Undefined,
    is_abstract_type,
    is_leaf_type,
)
from graphql.execution import Executor
from graphql.pyutils import inspect, is_iterable

from graphfold.execution.operation_tasks import Branches, OperationTasks
from graphfold.execution.plan import nullable
from graphfold.execution.resolver_calls import ResolverCalls, info_at
from graphfold.execution.resolver_driver import NULLED, ResolverDriver
from graphfold.execution.response_positions import FallbackPositions, ItemPositions, Level, Positions, PositionSubset
from graphfold.execution.value_checks import is_awaitable, is_coerced, is_of_type, some_awaitable
from graphfold.loading.load_result import Failed

__all__ = ["Completion"]


class Completion:
    """Completes the values of one run; `run_level` runs the selection of objects that it comes to."""

    def __init__(
        self,
        executor: Executor[Any],
        tasks: OperationTasks,
        calls: ResolverCalls,
        run_level: Callable[[Level], Awaitable[None]],
    ) -> None:
        self._executor, self._tasks, self._errors, self._calls = executor, tasks, tasks.errors, calls
        self._run_level = run_level

    async def take(self, positions: Positions, values: list[Any]) -> None:
        """Complete values of which some may have to be awaited; those that are ready go ahead."""
        kinds = set(map(type, values))
        if not some_awaitable(values, kinds):
            await self.complete(positions, values, kinds)
            return
        await self._tasks.need_loop(values)
        with ResolverDriver(self._tasks, positions, values) as driver:
            awaited = _awaitable_indexes(values)
            ready = driver.start(awaited)
            if driver.running:
                if len(awaited) < len(values):
                    ready = sorted([*ready, *set(range(len(values))).difference(awaited)])
                await self._complete_as_ready(positions, values, driver, ready)
                return
        await self.complete(positions, values, set(map(type, values)))

    async def _complete_as_ready(
        self, positions: Positions, values: list[Any], driver: ResolverDriver, ready: list[int]
    ) -> None:
        """Complete values as they become ready, so that a child starts as soon as its own parent is there."""
        with Branches(self._tasks) as branches:
            while True:
                ready = ready or await driver.ready()
                last = not driver.running
                if len(ready) == len(values):
                    await self.complete(positions, values, set(map(type, values)))
                elif ready:
                    part = [values[i] for i in ready]
                    completion = self.complete(PositionSubset(positions, ready), part, set(map(type, part)))
                    branches.start(completion, as_task=not last)
                if last:
                    break
                ready = []
            await branches.join()

    async def _settle(self, positions: Positions, values: list[Any]) -> list[int]:
        """Replace every awaitable of the list by its outcome. Return the indexes of the values still wanted then."""
        if some_awaitable(values, set(map(type, values))):
            await self._tasks.need_loop(values)
            with ResolverDriver(self._tasks, positions, values) as driver:
                driver.start(_awaitable_indexes(values))
                while await driver.ready():
                    pass
        return [i for i, value in enumerate(values) if value is not NULLED]

    async def complete(self, positions: Positions, values: list[Any], kinds: set[type]) -> None:
        """Complete values of these Python types, none of them awaitable."""
        if NoneType in kinds or any(issubclass(kind, _NULL_OR_ERROR) for kind in kinds):
            if failed := _covered_by_fallback(positions, values):
                await self._fall_back(positions, values, failed)
                return
            kept = self._sort_out(positions, values)
            positions, values = PositionSubset(positions, kept), [values[i] for i in kept]
            kinds = set(map(type, values))
        if not values:
            return
        declared = nullable(positions.type)
        if isinstance(declared, GraphQLList):
            await self._complete_lists(positions, declared, values, kinds)
        elif is_leaf_type(declared):
            self._complete_leaves(positions, declared, values, kinds)
        elif is_abstract_type(declared):
            await self._complete_abstract(positions, declared, values)
        else:
            await self._complete_objects(positions, declared, values, kinds)

    async def _fall_back(self, positions: Positions, values: list[Any], failed: list[int]) -> None:
        """Complete the fallback's values for those that failed, and the others as they are."""
        fallback = positions.step.direct.fallback if positions.step.direct is not None else None
        assert fallback is not None
        for i in failed:
            fallback.report(positions.path(i).as_list(), values[i].error)
        others = sorted({*range(len(values))}.difference(failed))
        part = [values[i] for i in others]
        with Branches(self._tasks) as branches:
            branches.start(self.complete(PositionSubset(positions, others), part, set(map(type, part))))
            fallen_back = FallbackPositions(positions, failed)
            branches.start(self.take(fallen_back, self._calls.fallback_values(fallen_back, len(failed))))
            await branches.join()

    def _sort_out(self, positions: Positions, values: list[Any]) -> list[int]:
        """Put nulls and record errors. Return the indexes of the other values."""
        required, kept = isinstance(positions.type, GraphQLNonNull), []
        for i, value in enumerate(values):
            if isinstance(value, Failed):
                self._errors.fail(positions, i, value.error, whole_list=isinstance(value, _ListFailed))
            elif isinstance(value, Exception):
                self._errors.fail(positions, i, value)
            elif value is not None and value is not Undefined:
                kept.append(i)
            elif required:
                message = f"Cannot return null for non-nullable field {_field_name(positions)}."
                self._errors.fail(positions, i, TypeError(message))
            else:
                positions.put(i, None)
        return kept

    def _complete_leaves(
        self, positions: Positions, declared: GraphQLLeafType, values: list[Any], kinds: set[type]
    ) -> None:
        if len(kinds) == 1 and is_coerced(declared.name, next(iter(kinds)), values):
            positions.put_all(values)
            return
        for i, value in enumerate(values):
            try:
                positions.put(i, _coerce(declared, value))
            except Exception as error:
                self._errors.fail(positions, i, error)

    async def _complete_lists(
        self, positions: Positions, declared: GraphQLList[Any], values: list[Any], kinds: set[type]
    ) -> None:
        if not kinds <= {list, tuple}:
            values = [self._as_list(positions, declared, value) for value in values]
            kept = await self._settle(positions, values)
            kept = [i for i in kept if not self._has_failed(positions, i, values[i])]
            positions, values = PositionSubset(positions, kept), [values[i] for i in kept]
        lists: list[list[Any]] = [[None] * len(value) for value in values]
        positions.put_all(lists)
        await self.take(ItemPositions(positions, lists, declared.of_type), list(chain.from_iterable(values)))

    def _as_list(self, positions: Positions, declared: GraphQLList[Any], value: Any) -> Any:
        """Return the items of any iterable; an awaitable of them for an asynchronous one."""
        if type(value) in (list, tuple):
            return value
        if self._executor.is_async_iterable(value):
            return _drain(value, required=isinstance(declared.of_type, GraphQLNonNull))
        if is_iterable(value):
            return _list(value)
        return Failed(GraphQLError(f"Expected Iterable, but did not find one for field '{_field_name(positions)}'."))

    def _has_failed(self, positions: Positions, i: int, outcome: Any) -> bool:
        """Return whether an outcome is a failure, and record it then."""
        if type(outcome) is Failed:
            self._errors.fail(positions, i, outcome.error)
            return True
        return False

    async def _complete_abstract(self, positions: Positions, declared: GraphQLAbstractType, values: list[Any]) -> None:
        """Find out the object type of each value, and complete those of one type together."""
        resolve, base = declared.resolve_type or self._executor.type_resolver, self._calls.info(positions.step)
        infos = [info_at(base, positions.field_path(i)) for i in range(len(values))]
        names = [_try(resolve, value, infos[i], declared) for i, value in enumerate(values)]
        groups: dict[GraphQLObjectType, list[int]] = {}
        for i in await self._settle(positions, names):
            if not self._has_failed(positions, i, names[i]):
                details, value = positions.step.details, values[i]
                kind = _try(self._executor.ensure_valid_runtime_type, names[i], declared, details, infos[i], value)
                if not self._has_failed(positions, i, kind):
                    groups.setdefault(kind, []).append(i)
        with Branches(self._tasks) as branches:
            for kind, indexes in groups.items():
                part = [values[i] for i in indexes]
                subset = PositionSubset(positions, indexes)
                branches.start(self._complete_objects(subset, kind, part, set(map(type, part))))
            await branches.join()

    async def _complete_objects(
        self, positions: Positions, declared: GraphQLObjectType, values: list[Any], kinds: set[type]
    ) -> None:
        if declared.is_type_of and not is_of_type(declared, values, kinds):
            kept = await self._check_type(positions, declared, values)
            positions, values = PositionSubset(positions, kept), [values[i] for i in kept]
        selection = _try(positions.step.selection, declared, self._executor)
        if type(selection) is Failed:
            for i in range(len(values)):
                self._errors.fail(positions, i, selection.error)
        elif values:
            await self._run_level(Level(selection, values, positions))

    async def _check_type(self, positions: Positions, declared: GraphQLObjectType, values: list[Any]) -> list[int]:
        """Return the indexes of the values that the type's `is_type_of` accepts, and fail the others."""
        base, check = self._calls.info(positions.step), declared.is_type_of
        assert check is not None
        answers = [_try(check, value, info_at(base, positions.field_path(i))) for i, value in enumerate(values)]
        kept: list[int] = []
        for i in await self._settle(positions, answers):
            if self._has_failed(positions, i, answers[i]):
                continue
            if answers[i]:
                kept.append(i)
            else:
                message = f"Expected value of type '{declared}' but got: {inspect(values[i])}."
                self._errors.fail(positions, i, GraphQLError(message, positions.step.nodes))
        return kept


_NULL_OR_ERROR = (Failed, Exception, type(Undefined))


def _awaitable_indexes(values: list[Any]) -> list[int]:
    kinds = set(map(type, values))
    if len(kinds) == 1 and GeneratorType not in kinds:
        return list(range(len(values)))
    return [i for i, value in enumerate(values) if is_awaitable(value)]


def _covered_by_fallback(positions: Positions, values: list[Any]) -> list[int]:
    """Return the indexes of the failures that the field's fallback covers."""
    direct = positions.step.direct
    if direct is None or direct.fallback is None or isinstance(positions, FallbackPositions):
        return []
    if positions.type is not positions.step.type:  # items of a list: a fallback is for the whole field
        return []
    covers = direct.fallback.covers
    return [i for i, value in enumerate(values) if isinstance(value, Failed) and covers(value.error)]


def _field_name(positions: Positions) -> str:
    return f"{positions.step.parent}.{positions.step.name}"


def _coerce(declared: GraphQLLeafType, value: Any) -> Any:
    result = declared.coerce_output_value(value)
    if result is None or result is Undefined:
        raise TypeError(
            f"Expected `{inspect(declared)}.coerce_output_value({inspect(value)})` to return"
            f" non-nullable value, returned: {inspect(result)}"
        )
    return result


def _try(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        return Failed(error)


class _ListFailed(Failed):
    """The last item of a list whose iteration ended with an error: the error is the list's, not an item's."""

    __slots__ = ()


def _list(iterable: Iterable[Any]) -> list[Any]:
    items: list[Any] = []
    try:
        items.extend(iterable)
    except Exception as error:
        items.append(_ListFailed(error))
    return items


async def _drain(iterable: AsyncIterable[Any], *, required: bool) -> list[Any]:
    """Return the items. Stop early, as graphql-core does, at an item that will null the whole list."""
    items: list[Any] = []
    iterator: Any = aiter(iterable)
    try:
        async for item in iterator:
            items.append(item)
            if required and (item is None or isinstance(item, Exception)):
                await _close(iterator)
                break
    except Exception as error:
        await _close(iterator)
        items.append(_ListFailed(error))
    return items


async def _close(iterator: Any) -> None:
    if hasattr(iterator, "aclose"):
        with suppress(Exception):
            await iterator.aclose()
