"""Completing values: what resolvers gave becomes the answer, for all objects of a place together.

Values are looked at by kind, not one by one: the set of their Python types tells whether any has to be awaited, is
null or an error. Where all is as expected a level costs a few calls; each exception is sorted out on its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from itertools import chain
from types import NoneType
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

from graphfold.execution.branches import Branches, asynchronous
from graphfold.execution.drive import Drive, Owner
from graphfold.execution.errors import Errors
from graphfold.execution.info import located_info
from graphfold.execution.kinds import is_of_kind, passes, waits
from graphfold.execution.places import Frame, ItemPlace, Place, Some
from graphfold.execution.plan import Plan, Step, nullable
from graphfold.loading.answer import Failed

__all__ = ["Completion"]


class Completion(Owner):
    """The half of a run that turns values into the answer. `synchronous` until something had to be awaited."""

    def __init__(self, plan: Plan, executor: Any) -> None:
        self.plan, self.executor = plan, executor
        self.variables = executor.variable_values
        self.errors = Errors(propagate=executor.error_propagation)
        self.synchronous = True

    async def selection(self, frame: Frame) -> None:
        raise NotImplementedError

    def info(self, step: Step) -> GraphQLResolveInfo[Any]:
        raise NotImplementedError

    async def take(self, place: Place, values: list[Any]) -> None:
        """Complete values of which some may have to be awaited; those that are ready go ahead."""
        kinds = set(map(type, values))
        if not waits(kinds):
            await self.complete(place, values, kinds)
            return
        drive = await self._drive(values)
        entry = (place, drive)
        self.errors.waiting.add(entry)
        if self.errors:
            self.errors.stop_what_is_gone()
        branches = Branches()
        try:
            await self._as_they_come(place, values, drive, branches)
        except BaseException:
            await branches.cancel()
            raise
        finally:
            self.errors.waiting.discard(entry)

    async def _as_they_come(self, place: Place, values: list[Any], drive: Drive, branches: Branches) -> None:
        """A child starts as soon as its own parent is there, not when the whole level is."""
        driven = drive.indexes
        ready = sorted([*drive.take_done(), *(i for i in range(len(values)) if i not in driven)])
        while True:
            ready = ready or await drive.ready()
            last = not drive.running
            if len(ready) == len(values):
                await self.complete(place, values, set(map(type, values)))
                return
            if ready:
                part = [values[i] for i in ready]
                branches.start(self.complete(Some(place, ready), part, set(map(type, part))), as_task=not last)
            if last:
                await branches.join()
                return
            ready = []

    async def _drive(self, values: list[Any]) -> Drive:
        if self.synchronous:
            try:
                await asynchronous()
            except GeneratorExit:  # a synchronous error nulled everything: these are not even begun
                for value in values:
                    if hasattr(value, "close"):
                        value.close()
                raise
            self.synchronous = False
        return Drive(values, [i for i, value in enumerate(values) if waits((type(value),))], self)

    async def settled(self, values: list[Any]) -> list[Any]:
        """The same list with every awaitable replaced by its outcome."""
        if waits(set(map(type, values))):
            drive = await self._drive(values)
            while await drive.ready():
                pass
        return values

    async def complete(self, place: Place, values: list[Any], kinds: set[type]) -> None:
        """Values that are there: nulls and errors first, then by what the schema says they are."""
        if NoneType in kinds or any(issubclass(kind, _TROUBLE) for kind in kinds):
            keep = self._sort_out(place, values, required=isinstance(place.type, GraphQLNonNull))
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

    def _sort_out(self, place: Place, values: list[Any], *, required: bool) -> list[int]:
        """Nulls and errors go where they belong; the indexes of the rest."""
        keep: list[int] = []
        for i, value in enumerate(values):
            if type(value) is Failed:
                self.errors.fail(place, i, value.error)
            elif isinstance(value, Exception):
                self.errors.fail(place, i, value)
            elif value is not None and value is not Undefined:
                keep.append(i)
            elif required:
                field = f"{place.step.parent}.{place.step.name}"
                self.errors.fail(place, i, TypeError(f"Cannot return null for non-nullable field {field}."))
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
            place, values = await self._as_lists(place, declared, values)
        lists: list[list[Any]] = [[None] * len(value) for value in values]
        place.put_all(lists)
        await self.take(ItemPlace(place, lists, declared.of_type), list(chain.from_iterable(values)))

    async def _as_lists(self, place: Place, declared: GraphQLList[Any], values: list[Any]) -> tuple[Place, list[Any]]:
        """What iterates, drained into lists; what does not is an error."""
        for i, value in enumerate(values):
            if type(value) not in (list, tuple):
                values[i] = self._as_list(place, declared, value)
        await self.settled(values)
        if Failed in set(map(type, values)):
            keep = self._sort_out(place, values, required=False)
            return Some(place, keep), [values[i] for i in keep]
        return place, values

    def _as_list(self, place: Place, declared: GraphQLList[Any], value: Any) -> Any:
        if self.executor.is_async_iterable(value):
            return _drained(value, required=isinstance(declared.of_type, GraphQLNonNull))
        if not is_iterable(value):
            field = f"{place.step.parent}.{place.step.name}"
            return Failed(GraphQLError(f"Expected Iterable, but did not find one for field '{field}'."))
        try:
            return list(value)
        except Exception as error:
            return Failed(error)

    async def _abstract(self, place: Place, declared: GraphQLAbstractType, values: list[Any]) -> None:
        """Each value's own object type, then all of one type together."""
        resolve, base = declared.resolve_type or self.executor.type_resolver, self.info(place.step)
        infos = [located_info(base, place.field_path(i)) for i in range(len(values))]
        asked = [_tried(resolve, value, infos[i], declared) for i, value in enumerate(values)]
        groups: dict[GraphQLObjectType, list[int]] = {}
        for i, name in enumerate(await self.settled(asked)):
            try:
                if type(name) is Failed:
                    raise name.error
                details = place.step.details
                kind = self.executor.ensure_valid_runtime_type(name, declared, details, infos[i], values[i])
                groups.setdefault(kind, []).append(i)
            except Exception as error:
                self.errors.fail(place, i, error)
        branches = Branches()
        for kind, index in groups.items():
            part = [values[i] for i in index]
            branches.start(self._objects(Some(place, index), kind, part, set(map(type, part))))
        await branches.join()

    async def _objects(self, place: Place, declared: Any, values: list[Any], kinds: set[type]) -> None:
        if declared.is_type_of and not is_of_kind(declared, values, kinds):
            keep = await self._of_type(place, declared, values)
            place, values = Some(place, keep), [values[i] for i in keep]
        try:
            selection = place.step.selection(declared, self.variables)
        except GraphQLError as error:
            for i in range(len(values)):
                self.errors.fail(place, i, error)
            return
        if values:
            await self.selection(Frame(selection, values, place))

    async def _of_type(self, place: Place, declared: GraphQLObjectType, values: list[Any]) -> list[int]:
        """The indexes of the values that the type takes for its own."""
        base, check = self.info(place.step), declared.is_type_of
        assert check is not None
        asked = [_tried(check, value, located_info(base, place.field_path(i))) for i, value in enumerate(values)]
        keep: list[int] = []
        for i, answer in enumerate(await self.settled(asked)):
            if type(answer) is Failed:
                self.errors.fail(place, i, answer.error)
            elif answer:
                keep.append(i)
            else:
                told = f"Expected value of type '{declared}' but got: {inspect(values[i])}."
                self.errors.fail(place, i, GraphQLError(told, place.step.nodes))
        return keep


_TROUBLE = (Failed, Exception, type(Undefined))


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


async def _drained(iterable: AsyncIterable[Any], *, required: bool) -> list[Any]:
    """The items; ends early, as graphql-core does, at one that will null the whole list."""
    items: list[Any] = []
    iterator: Any = aiter(iterable)
    try:
        async for item in iterator:
            items.append(item)
            if required and (item is None or isinstance(item, Exception)):
                await iterator.aclose()
                break
    except Exception:
        if hasattr(iterator, "aclose"):
            await iterator.aclose()
        raise
    return items
