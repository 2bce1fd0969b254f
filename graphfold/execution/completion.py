"""Completing values: what resolvers gave becomes the answer, for all objects of a place together.

Values are looked at by kind, not one by one: the set of their Python types tells whether any has to be awaited, is
null or an error. Where all is as expected a level costs a few calls; each exception is sorted out on its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable
from contextlib import suppress
from itertools import chain
from types import GeneratorType, NoneType
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    Undefined,
    is_abstract_type,
    is_leaf_type,
)
from graphql.pyutils import inspect, is_iterable

from graphfold.execution.field_errors import FieldErrors
from graphfold.execution.operation_tasks import Branches, OperationTasks, needs_loop
from graphfold.execution.plan import Plan, Step, nullable
from graphfold.execution.resolver_driver import NULLED, ResolverDriver
from graphfold.execution.response_positions import (
    FallbackPositions,
    ItemPositions,
    Level,
    Positions,
    PositionSubset,
    located_info,
)
from graphfold.execution.value_checks import is_of_kind, passes, waits, waits_for
from graphfold.loading.load_result import Failed

__all__ = ["Completion"]


class Completion(OperationTasks):
    """The half of a run that turns values into the answer. `synchronous` until something had to be awaited."""

    def __init__(self, plan: Plan, executor: Any) -> None:
        scope = getattr(executor.context_value, "scope", None)
        super().__init__(
            FieldErrors(propagate=executor.error_propagation), scope.stale_values if scope is not None else []
        )
        self.plan, self.executor = plan, executor
        self.synchronous = True

    async def selection(self, level: Level) -> None:
        raise NotImplementedError

    def info(self, step: Step) -> GraphQLResolveInfo[Any]:
        raise NotImplementedError

    def instead(self, positions: Positions, size: int) -> list[Any]:
        """What the fallback of a field gives."""
        raise NotImplementedError

    async def take(self, positions: Positions, values: list[Any]) -> None:
        """Complete values of which some may have to be awaited; those that are ready go ahead."""
        kinds = set(map(type, values))
        if not waits(values, kinds):
            await self.complete(positions, values, kinds)
            return
        await self.with_loop(values)
        with ResolverDriver(self, positions, values) as drive:
            ready = self._begun(drive, values)
            if drive.running:
                await self._as_they_come(positions, values, drive, ready)
                return
        await self.complete(positions, values, set(map(type, values)))

    def _begun(self, drive: ResolverDriver, values: list[Any]) -> list[int]:
        """The indexes of the values that are there once all have begun."""
        driven = _waiting(values)
        ready = drive.start(driven)
        if len(driven) == len(values):
            return ready
        return sorted([*ready, *set(range(len(values))).difference(driven)])

    async def _as_they_come(
        self, positions: Positions, values: list[Any], drive: ResolverDriver, ready: list[int]
    ) -> None:
        """A child starts as soon as its own parent is there, not when the whole level is."""
        with Branches(self) as branches:
            while True:
                ready = ready or await drive.ready()
                last = not drive.running
                if len(ready) == len(values):
                    await self.complete(positions, values, set(map(type, values)))
                elif ready:
                    part = [values[i] for i in ready]
                    branches.start(
                        self.complete(PositionSubset(positions, ready), part, set(map(type, part))), as_task=not last
                    )
                if last:
                    break
                ready = []
            await branches.join()

    async def with_loop(self, values: Iterable[Any] = ()) -> None:
        """From here on something is waited for. Where that never comes, the values are not even begun."""
        if self.synchronous:
            try:
                await needs_loop()
            except GeneratorExit:
                for value in values:
                    if hasattr(value, "close"):
                        value.close()
                raise
            self.synchronous = False
            self.wait()

    async def settled(self, positions: Positions, values: list[Any]) -> list[int]:
        """Every awaitable of the list is replaced by its outcome. The indexes of what is still wanted then."""
        if waits(values, set(map(type, values))):
            await self.with_loop(values)
            with ResolverDriver(self, positions, values) as drive:
                drive.start(_waiting(values))
                while await drive.ready():
                    pass
        return [i for i, value in enumerate(values) if value is not NULLED]

    async def complete(self, positions: Positions, values: list[Any], kinds: set[type]) -> None:
        """Values that are there: nulls and errors first, then by what the schema says they are."""
        if NoneType in kinds or any(issubclass(kind, _TROUBLE) for kind in kinds):
            if failed := self._covered(positions, values):
                await self._fall_back(positions, values, failed)
                return
            keep = self._sort_out(positions, values)
            positions, values = PositionSubset(positions, keep), [values[i] for i in keep]
            kinds = set(map(type, values))
        if not values:
            return
        declared = nullable(positions.type)
        if isinstance(declared, GraphQLList):
            await self._lists(positions, declared, values, kinds)
        elif is_leaf_type(declared):
            self._leaves(positions, declared, values, kinds)
        elif is_abstract_type(declared):
            await self._abstract(positions, declared, values)
        else:
            await self._objects(positions, declared, values, kinds)

    def _covered(self, positions: Positions, values: list[Any]) -> list[int]:
        """The indexes of the failures for which the field has a fallback. Items of a list are not the field."""
        known = positions.step.direct
        if (
            known is None
            or known.fallback is None
            or positions.type is not positions.step.type
            or isinstance(positions, FallbackPositions)
        ):
            return []
        covers = known.fallback.covers
        return [i for i, value in enumerate(values) if isinstance(value, Failed) and covers(value.error)]

    async def _fall_back(self, positions: Positions, values: list[Any], failed: list[int]) -> None:
        known = positions.step.direct
        assert known is not None
        for i in failed:
            known.fallback.report(positions.path(i).as_list(), values[i].error)
        rest = sorted({*range(len(values))}.difference(failed))
        part = [values[i] for i in rest]
        with Branches(self) as branches:
            branches.start(self.complete(PositionSubset(positions, rest), part, set(map(type, part))))
            fallen = FallbackPositions(positions, failed)
            branches.start(self.take(fallen, self.instead(fallen, len(failed))))
            await branches.join()

    def _sort_out(self, positions: Positions, values: list[Any]) -> list[int]:
        """Nulls and errors go where they belong; the indexes of the rest."""
        required, keep = isinstance(positions.type, GraphQLNonNull), []
        for i, value in enumerate(values):
            if isinstance(value, Failed):
                self.errors.fail(positions, i, value.error, whole_list=isinstance(value, Broken))
            elif isinstance(value, Exception):
                self.errors.fail(positions, i, value)
            elif value is not None and value is not Undefined:
                keep.append(i)
            elif required:
                self.errors.fail(
                    positions, i, TypeError(f"Cannot return null for non-nullable field {_name(positions)}.")
                )
            else:
                positions.put(i, None)
        return keep

    def _leaves(self, positions: Positions, declared: Any, values: list[Any], kinds: set[type]) -> None:
        if len(kinds) == 1 and passes(declared.name, next(iter(kinds)), values):
            positions.put_all(values)
            return
        for i, value in enumerate(values):
            try:
                positions.put(i, _coerced(declared, value))
            except Exception as error:
                self.errors.fail(positions, i, error)

    async def _lists(
        self, positions: Positions, declared: GraphQLList[Any], values: list[Any], kinds: set[type]
    ) -> None:
        if not kinds <= {list, tuple}:
            values = [self._as_list(positions, declared, value) for value in values]
            keep = await self.settled(positions, values)
            keep = [i for i in keep if not self._failed(positions, i, values[i])]
            positions, values = PositionSubset(positions, keep), [values[i] for i in keep]
        lists: list[list[Any]] = [[None] * len(value) for value in values]
        positions.put_all(lists)
        await self.take(ItemPositions(positions, lists, declared.of_type), list(chain.from_iterable(values)))

    def _as_list(self, positions: Positions, declared: GraphQLList[Any], value: Any) -> Any:
        if type(value) in (list, tuple):
            return value
        if self.executor.is_async_iterable(value):
            return drained(value, required=isinstance(declared.of_type, GraphQLNonNull))
        if is_iterable(value):
            return listed(value)
        return Failed(GraphQLError(f"Expected Iterable, but did not find one for field '{_name(positions)}'."))

    def _failed(self, positions: Positions, i: int, outcome: Any) -> bool:
        if type(outcome) is Failed:
            self.errors.fail(positions, i, outcome.error)
            return True
        return False

    async def _abstract(self, positions: Positions, declared: GraphQLAbstractType, values: list[Any]) -> None:
        """Each value's own object type, then all of one type together."""
        resolve, base = declared.resolve_type or self.executor.type_resolver, self.info(positions.step)
        infos = [located_info(base, positions.field_path(i)) for i in range(len(values))]
        names = [_tried(resolve, value, infos[i], declared) for i, value in enumerate(values)]
        groups: dict[GraphQLObjectType, list[int]] = {}
        for i in await self.settled(positions, names):
            if not self._failed(positions, i, names[i]):
                details, value = positions.step.details, values[i]
                kind = _tried(self.executor.ensure_valid_runtime_type, names[i], declared, details, infos[i], value)
                if not self._failed(positions, i, kind):
                    groups.setdefault(kind, []).append(i)
        with Branches(self) as branches:
            for kind, index in groups.items():
                part = [values[i] for i in index]
                branches.start(self._objects(PositionSubset(positions, index), kind, part, set(map(type, part))))
            await branches.join()

    async def _objects(self, positions: Positions, declared: Any, values: list[Any], kinds: set[type]) -> None:
        if declared.is_type_of and not is_of_kind(declared, values, kinds):
            keep = await self._of_type(positions, declared, values)
            positions, values = PositionSubset(positions, keep), [values[i] for i in keep]
        selection = _tried(positions.step.selection, declared, self.executor)
        if type(selection) is Failed:
            for i in range(len(values)):
                self.errors.fail(positions, i, selection.error)
        elif values:
            await self.selection(Level(selection, values, positions))

    async def _of_type(self, positions: Positions, declared: GraphQLObjectType, values: list[Any]) -> list[int]:
        """The indexes of the values that the type takes for its own."""
        base, check = self.info(positions.step), declared.is_type_of
        assert check is not None
        answers = [_tried(check, value, located_info(base, positions.field_path(i))) for i, value in enumerate(values)]
        keep: list[int] = []
        for i in await self.settled(positions, answers):
            if self._failed(positions, i, answers[i]):
                continue
            if answers[i]:
                keep.append(i)
            else:
                told = f"Expected value of type '{declared}' but got: {inspect(values[i])}."
                self.errors.fail(positions, i, GraphQLError(told, positions.step.nodes))
        return keep


_TROUBLE = (Failed, Exception, type(Undefined))


def _waiting(values: list[Any]) -> list[int]:
    """The indexes of what has to be awaited."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and GeneratorType not in kinds:
        return list(range(len(values)))
    return [i for i, value in enumerate(values) if waits_for(value)]


def _name(positions: Positions) -> str:
    return f"{positions.step.parent}.{positions.step.name}"


def _coerced(declared: Any, value: Any) -> Any:
    result = declared.coerce_output_value(value)
    if result is None or result is Undefined:
        raise TypeError(
            f"Expected `{inspect(declared)}.coerce_output_value({inspect(value)})` to return"
            f" non-nullable value, returned: {inspect(result)}"
        )
    return result


def _tried(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        return Failed(error)


class Broken(Failed):
    """The last item of a list whose iteration ended with an error: that is the list's error, not an item's."""

    __slots__ = ()


def listed(iterable: Iterable[Any]) -> list[Any]:
    items: list[Any] = []
    try:
        items.extend(iterable)
    except Exception as error:
        items.append(Broken(error))
    return items


async def drained(iterable: AsyncIterable[Any], *, required: bool) -> list[Any]:
    """The items; ends early, as graphql-core does, at one that will null the whole list."""
    items: list[Any] = []
    iterator: Any = aiter(iterable)
    try:
        async for item in iterator:
            items.append(item)
            if required and (item is None or isinstance(item, Exception)):
                await _closed(iterator)
                break
    except Exception as error:
        await _closed(iterator)
        items.append(Broken(error))
    return items


async def _closed(iterator: Any) -> None:
    if hasattr(iterator, "aclose"):
        with suppress(Exception):
            await iterator.aclose()
