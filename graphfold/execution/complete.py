"""Completing values: what resolvers gave becomes the answer, for all objects of a place together.

Values are looked at by kind, not one by one: the set of their Python types tells whether any has to be awaited, is
null or an error. Where all is as expected a level costs a few calls; each exception is sorted out on its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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

from graphfold.execution.branches import Branches, needs_loop
from graphfold.execution.drive import GONE, Drive
from graphfold.execution.errors import Errors
from graphfold.execution.info import located_info
from graphfold.execution.iteration import Broken, drained, listed
from graphfold.execution.kinds import is_of_kind, passes, waits, waits_for
from graphfold.execution.owner import Owner
from graphfold.execution.places import Fallen, Frame, ItemPlace, Place, Some
from graphfold.execution.plan import Plan, Step, nullable
from graphfold.loading.answer import Failed

__all__ = ["Completion"]


class Completion(Owner):
    """The half of a run that turns values into the answer. `synchronous` until something had to be awaited."""

    def __init__(self, plan: Plan, executor: Any) -> None:
        scope = getattr(executor.context_value, "scope", None)
        super().__init__(Errors(propagate=executor.error_propagation), scope.outdated if scope is not None else [])
        self.plan, self.executor = plan, executor
        self.synchronous = True

    async def selection(self, frame: Frame) -> None:
        raise NotImplementedError

    def info(self, step: Step) -> GraphQLResolveInfo[Any]:
        raise NotImplementedError

    def instead(self, place: Place, size: int) -> list[Any]:
        """What the fallback of a field gives."""
        raise NotImplementedError

    async def take(self, place: Place, values: list[Any]) -> None:
        """Complete values of which some may have to be awaited; those that are ready go ahead."""
        kinds = set(map(type, values))
        if not waits(values, kinds):
            await self.complete(place, values, kinds)
            return
        await self.with_loop(values)
        with Drive(self, place, values) as drive:
            ready = self._begun(drive, values)
            if drive.running:
                await self._as_they_come(place, values, drive, ready)
                return
        await self.complete(place, values, set(map(type, values)))

    def _begun(self, drive: Drive, values: list[Any]) -> list[int]:
        """The indexes of the values that are there once all have begun."""
        driven = _waiting(values)
        ready = drive.start(driven)
        if len(driven) == len(values):
            return ready
        return sorted([*ready, *set(range(len(values))).difference(driven)])

    async def _as_they_come(self, place: Place, values: list[Any], drive: Drive, ready: list[int]) -> None:
        """A child starts as soon as its own parent is there, not when the whole level is."""
        with Branches(self) as branches:
            while True:
                ready = ready or await drive.ready()
                last = not drive.running
                if len(ready) == len(values):
                    await self.complete(place, values, set(map(type, values)))
                elif ready:
                    part = [values[i] for i in ready]
                    branches.start(self.complete(Some(place, ready), part, set(map(type, part))), as_task=not last)
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

    async def settled(self, place: Place, values: list[Any]) -> list[int]:
        """Every awaitable of the list is replaced by its outcome. The indexes of what is still wanted then."""
        if waits(values, set(map(type, values))):
            await self.with_loop(values)
            with Drive(self, place, values) as drive:
                drive.start(_waiting(values))
                while await drive.ready():
                    pass
        return [i for i, value in enumerate(values) if value is not GONE]

    async def complete(self, place: Place, values: list[Any], kinds: set[type]) -> None:
        """Values that are there: nulls and errors first, then by what the schema says they are."""
        if NoneType in kinds or any(issubclass(kind, _TROUBLE) for kind in kinds):
            if failed := self._covered(place, values):
                await self._fall_back(place, values, failed)
                return
            keep = self._sort_out(place, values)
            place, values = Some(place, keep), [values[i] for i in keep]
            kinds = set(map(type, values))
        if not values:
            return
        declared = nullable(place.type)
        if isinstance(declared, GraphQLList):
            await self._lists(place, declared, values, kinds)
        elif is_leaf_type(declared):
            self._leaves(place, declared, values, kinds)
        elif is_abstract_type(declared):
            await self._abstract(place, declared, values)
        else:
            await self._objects(place, declared, values, kinds)

    def _covered(self, place: Place, values: list[Any]) -> list[int]:
        """The indexes of the failures for which the field has a fallback. Items of a list are not the field."""
        known = place.step.known
        if known is None or known.fallback is None or place.type is not place.step.type or isinstance(place, Fallen):
            return []
        covers = known.fallback.covers
        return [i for i, value in enumerate(values) if isinstance(value, Failed) and covers(value.error)]

    async def _fall_back(self, place: Place, values: list[Any], failed: list[int]) -> None:
        known = place.step.known
        assert known is not None
        for i in failed:
            known.fallback.report(place.path(i).as_list(), values[i].error)
        rest = sorted({*range(len(values))}.difference(failed))
        part = [values[i] for i in rest]
        with Branches(self) as branches:
            branches.start(self.complete(Some(place, rest), part, set(map(type, part))))
            fallen = Fallen(place, failed)
            branches.start(self.take(fallen, self.instead(fallen, len(failed))))
            await branches.join()

    def _sort_out(self, place: Place, values: list[Any]) -> list[int]:
        """Nulls and errors go where they belong; the indexes of the rest."""
        required, keep = isinstance(place.type, GraphQLNonNull), []
        for i, value in enumerate(values):
            if isinstance(value, Failed):
                self.errors.fail(place, i, value.error, whole_list=isinstance(value, Broken))
            elif isinstance(value, Exception):
                self.errors.fail(place, i, value)
            elif value is not None and value is not Undefined:
                keep.append(i)
            elif required:
                self.errors.fail(place, i, TypeError(f"Cannot return null for non-nullable field {_name(place)}."))
            else:
                place.put(i, None)
        return keep

    def _leaves(self, place: Place, declared: Any, values: list[Any], kinds: set[type]) -> None:
        if len(kinds) == 1 and passes(declared.name, next(iter(kinds)), values):
            place.put_all(values)
            return
        for i, value in enumerate(values):
            try:
                place.put(i, _coerced(declared, value))
            except Exception as error:
                self.errors.fail(place, i, error)

    async def _lists(self, place: Place, declared: GraphQLList[Any], values: list[Any], kinds: set[type]) -> None:
        if not kinds <= {list, tuple}:
            values = [self._as_list(place, declared, value) for value in values]
            keep = await self.settled(place, values)
            keep = [i for i in keep if not self._failed(place, i, values[i])]
            place, values = Some(place, keep), [values[i] for i in keep]
        lists: list[list[Any]] = [[None] * len(value) for value in values]
        place.put_all(lists)
        await self.take(ItemPlace(place, lists, declared.of_type), list(chain.from_iterable(values)))

    def _as_list(self, place: Place, declared: GraphQLList[Any], value: Any) -> Any:
        if type(value) in (list, tuple):
            return value
        if self.executor.is_async_iterable(value):
            return drained(value, required=isinstance(declared.of_type, GraphQLNonNull))
        if is_iterable(value):
            return listed(value)
        return Failed(GraphQLError(f"Expected Iterable, but did not find one for field '{_name(place)}'."))

    def _failed(self, place: Place, i: int, outcome: Any) -> bool:
        if type(outcome) is Failed:
            self.errors.fail(place, i, outcome.error)
            return True
        return False

    async def _abstract(self, place: Place, declared: GraphQLAbstractType, values: list[Any]) -> None:
        """Each value's own object type, then all of one type together."""
        resolve, base = declared.resolve_type or self.executor.type_resolver, self.info(place.step)
        infos = [located_info(base, place.field_path(i)) for i in range(len(values))]
        names = [_tried(resolve, value, infos[i], declared) for i, value in enumerate(values)]
        groups: dict[GraphQLObjectType, list[int]] = {}
        for i in await self.settled(place, names):
            if not self._failed(place, i, names[i]):
                details, value = place.step.details, values[i]
                kind = _tried(self.executor.ensure_valid_runtime_type, names[i], declared, details, infos[i], value)
                if not self._failed(place, i, kind):
                    groups.setdefault(kind, []).append(i)
        with Branches(self) as branches:
            for kind, index in groups.items():
                part = [values[i] for i in index]
                branches.start(self._objects(Some(place, index), kind, part, set(map(type, part))))
            await branches.join()

    async def _objects(self, place: Place, declared: Any, values: list[Any], kinds: set[type]) -> None:
        if declared.is_type_of and not is_of_kind(declared, values, kinds):
            keep = await self._of_type(place, declared, values)
            place, values = Some(place, keep), [values[i] for i in keep]
        selection = _tried(place.step.selection, declared, self.executor)
        if type(selection) is Failed:
            for i in range(len(values)):
                self.errors.fail(place, i, selection.error)
        elif values:
            await self.selection(Frame(selection, values, place))

    async def _of_type(self, place: Place, declared: GraphQLObjectType, values: list[Any]) -> list[int]:
        """The indexes of the values that the type takes for its own."""
        base, check = self.info(place.step), declared.is_type_of
        assert check is not None
        answers = [_tried(check, value, located_info(base, place.field_path(i))) for i, value in enumerate(values)]
        keep: list[int] = []
        for i in await self.settled(place, answers):
            if self._failed(place, i, answers[i]):
                continue
            if answers[i]:
                keep.append(i)
            else:
                told = f"Expected value of type '{declared}' but got: {inspect(values[i])}."
                self.errors.fail(place, i, GraphQLError(told, place.step.nodes))
        return keep


_TROUBLE = (Failed, Exception, type(Undefined))


def _waiting(values: list[Any]) -> list[int]:
    """The indexes of what has to be awaited."""
    kinds = set(map(type, values))
    if len(kinds) == 1 and GeneratorType not in kinds:
        return list(range(len(values)))
    return [i for i, value in enumerate(values) if waits_for(value)]


def _name(place: Place) -> str:
    return f"{place.step.parent}.{place.step.name}"


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
