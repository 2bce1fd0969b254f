"""Runs a plan: one selection of one place at a time, all its objects together, its fields side by side."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from time import perf_counter
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, GraphQLResolveInfo, OperationType
from graphql.execution.values import get_argument_values

from graphfold.deadline import deadline_exceeded
from graphfold.execution.batch_waits import AllNulled, LevelLoads
from graphfold.execution.completion import Completion
from graphfold.execution.direct_fields import DirectField
from graphfold.execution.links import Link
from graphfold.execution.operation_tasks import Branches
from graphfold.execution.plan import Plan, Step, nullable
from graphfold.execution.response_positions import (
    FieldPositions,
    LazyInfo,
    Level,
    Positions,
    PositionSubset,
    located_info,
)
from graphfold.execution.row_builders import empty_rows, row_building
from graphfold.execution.spare_task import StartedCoroutine
from graphfold.loading.level_loading import AdapterSource, LevelBatch
from graphfold.loading.load_result import MISSING, Failed, StaleValue
from graphfold.loading.stale_values import attach_path
from graphfold.observer import NO_OBSERVERS, Observers, StepEvent, notify

__all__ = ["PlanRun", "start_run"]

_SPECIAL = {Failed, StaleValue, type(MISSING)}


class PlanRun(Completion):
    """One run of a plan for one operation, with the values and variables of its executor."""

    def __init__(self, plan: Plan, executor: Any) -> None:
        super().__init__(plan, executor)
        self._observers: Observers = getattr(getattr(executor.context_value, "scope", None), "observers", NO_OBSERVERS)
        self._infos: dict[Step, GraphQLResolveInfo[Any]] = {}

    async def operation(self, *, serially: bool | None = None) -> ExecutionResult:
        """The result. Waits for nothing where nothing has to be awaited. `serially`: by default mutations only."""
        one_by_one = self.plan.operation.operation is OperationType.MUTATION if serially is None else serially
        level = Level(self.plan.root, [self.executor.root_value], None)
        try:
            await self.selection(level, serially=one_by_one)
        except Exception as error:  # too deep for Python's stack: errors of resolvers are values here
            return ExecutionResult(None, [GraphQLError(str(error), self.plan.operation, original_error=error)])
        finally:
            await self.ended()
            # here graphql-core's executors refer to themselves: all that was loaded would be kept as garbage
            self.executor.async_helpers = None
        data = None if self.errors.data_is_null else level.rows[0]
        return ExecutionResult(data, self.errors.report())

    async def selection(self, level: Level, *, serially: bool = False) -> None:
        """Fill the rows of one place: plain fields at once, the others each as a step of its own."""
        selection = level.selection
        building = row_building(selection, level.objects, self.executor)
        try:
            level.rows = building.build(level.objects) if building else []
        except Exception:  # not an error yet: the careful way finds out which value it was
            building = None
        steps = building.steps if building else selection.all
        if not building:
            level.rows = empty_rows(selection, level.objects)
        if level.positions is not None:
            level.positions.put_all(level.rows)
        if serially:
            for step in steps:
                if not self.errors.data_is_null:
                    await (self._too_late(level, step) if self.is_over else self.step(level, step))
        elif len(steps) == 1:
            await self.step(level, steps[0])
        else:
            await self._side_by_side(level, steps)

    async def _side_by_side(self, level: Level, steps: list[Step]) -> None:
        with Branches(self) as branches:
            for step in steps:
                branches.start(self.step(level, step))
            await branches.join()

    async def step(self, level: Level, step: Step) -> None:
        """One field for all objects of a frame: resolved, then completed into its place."""
        started = perf_counter() if self._observers.step_ended else 0.0
        positions: Positions = FieldPositions(level, step)
        objects = level.objects
        if self.errors and (live := self._live(level)) is not None:
            positions, objects = PositionSubset(positions, live), [objects[i] for i in live]
        try:
            values = await self._linked(positions, step, objects)
        except AllNulled:
            return
        if values is None:
            values = self._called(positions, step, objects)
        await self.take(positions, values)
        if started:
            self._notify_step(positions, step, len(objects), started)

    def _notify_step(self, positions: Positions, step: Step, objects: int, started: float) -> None:
        keys = tuple(str(key) for key in positions.path(0).as_list() if isinstance(key, str))
        event = StepEvent(keys, step.parent.name, step.name, objects, started, perf_counter())
        notify(self._observers.step_ended, event)

    async def _too_late(self, level: Level, step: Step) -> None:
        """A mutation that has not begun when the time is over never does."""
        await self.take(FieldPositions(level, step), [Failed(deadline_exceeded())])

    def _live(self, level: Level) -> list[int] | None:
        """The objects that no error has nulled, by index; None for all.

        Below a nulled place graphql-core tells the errors of what it completed earlier. So do runs without waits.
        """
        above = None if self.synchronous else level.positions
        live = [
            i
            for i in range(len(level.objects))
            if i not in level.dead and not (above is not None and self.errors.gone(above, i))
        ]
        return live if len(live) < len(level.objects) else None

    async def _linked(self, positions: Positions, step: Step, objects: list[Any]) -> list[Any] | None:
        """A field that is only a load: all keys at once. None where it is something else, or does not work out: then
        the resolver is called for each object, and each gets its own error.
        """
        link = step.link
        if link is None:
            return None
        try:
            return await self._level(positions, link, objects)
        except AllNulled:
            raise
        except Exception:
            return None

    async def _level(self, positions: Positions, link: Link, objects: list[Any]) -> list[Any] | None:
        batch = self._batch(link)
        keys = batch.canonical_keys(list(map(link.keys, objects)))
        if link.way == "ref" and batch.needs_only_key():
            return list(map(batch.of_key, keys))
        loader = batch.level_loader()
        if loader is None:
            return None
        await self.with_loop()
        if link.way == "ref":
            self._ahead(positions.step, batch.key_attribute, keys)
        answers = await LevelLoads(self.errors, positions, loader, keys)
        settle = batch.optional_value if link.way == "find" else batch.required_value
        return self._settled(positions, answers, keys, settle)

    def _settled(
        self, positions: Positions, answers: list[Any], keys: list[Any], settle: Callable[[Any, Any], Any]
    ) -> list[Any]:
        """Values, None where a key may be missing, and errors as `Failed`."""
        if _SPECIAL.isdisjoint(map(type, answers)):
            return answers
        values: list[Any] = []
        for i, (answer, key) in enumerate(zip(answers, keys, strict=True)):
            values.append(_one(answer, key, settle) if type(answer) in _SPECIAL else answer)
            if type(answer) is StaleValue:
                attach_path(self.stale_values, None, partial(_path, positions, i))
        return values

    def _ahead(self, step: Step, key: str | None, keys: list[Any]) -> None:
        """What is loaded below by nothing but the same key need not wait for the objects, which are sure to exist."""
        declared = nullable(step.type)
        if key is None or not isinstance(declared, GraphQLObjectType):
            return
        for below in step.selection(declared, self.executor).loaded_by(key):
            assert below.link is not None
            batch = self._batch(below.link)
            if below.link.way != "ref" or not batch.needs_only_key():
                loader = batch.level_loader()
                if loader is not None:
                    loader.enqueue(batch.canonical_keys(keys))

    def _batch(self, link: Link) -> LevelBatch:
        adapters: AdapterSource = self.executor.context_value
        batch: LevelBatch = getattr(adapters.adapter(link.adapter), link.batch)
        return batch

    def _called(self, positions: Positions, step: Step, objects: list[Any]) -> list[Any]:
        """The results of a resolver for all objects; what it raised as `Failed`."""
        try:
            call = self._caller(positions, step, step.direct)
        except Exception as error:
            return [Failed(error)] * len(objects)
        return _results(call, objects)

    def instead(self, positions: Positions, size: int) -> list[Any]:
        known = positions.step.direct
        assert known is not None
        if known.instead is None:
            return [known.fallback.value] * size
        call = self._caller(positions, positions.step, known.instead)
        return _results(call, [positions.parent(i) for i in range(size)])

    def _caller(self, positions: Positions, step: Step, known: DirectField | None) -> Callable[[Any, int], Any]:
        """A function (source, index) -> result."""
        arguments = self._arguments(step) if step.takes_arguments else {}
        if known is None:
            resolve, base = step.resolve, self.info(step)
            return lambda source, i: resolve(source, located_info(base, positions.path(i)), **arguments)
        if known.attribute is not None:
            attribute = known.attribute
            return lambda source, i: getattr(source, attribute)
        strawberry = self.plan.schema._strawberry_schema  # type: ignore[attr-defined]  # Strawberry put it there
        context = self.executor.context_value
        return known.caller(strawberry, arguments, context, lambda i: LazyInfo(self.info(step), positions, i))

    def _arguments(self, step: Step) -> dict[str, Any]:
        given, hide = self.executor.variable_values, self.executor.hide_suggestions
        return get_argument_values(step.field, step.nodes[0], given, hide_suggestions=hide)

    def info(self, step: Step) -> GraphQLResolveInfo[Any]:
        """What graphql-core tells a resolver, without the path."""
        found = self._infos.get(step)
        if found is None:
            path: Any = None
            found = self.executor.build_resolve_info(step.field, step.nodes, step.parent, path)
            self._infos[step] = found
        return found


def _path(positions: Positions, i: int) -> list[str | int]:
    return positions.path(i).as_list()


def _results(call: Callable[[Any, int], Any], objects: list[Any]) -> list[Any]:
    """What is raised as `Failed`."""
    values: list[Any] = []
    for i, source in enumerate(objects):
        try:
            values.append(call(source, i))
        except Exception as error:
            values.append(Failed(error))
    return values


def _one(answer: Any, key: Any, settle: Callable[[Any, Any], Any]) -> Any:
    try:
        return settle(answer, key)
    except Exception as error:
        return Failed(error)


def start_run(
    plan: Plan, executor: Any, serially: bool | None = None
) -> ExecutionResult | Coroutine[Any, Any, ExecutionResult]:
    """The result, or a coroutine of it where something has to be awaited: as graphql-core's executor does."""
    running = PlanRun(plan, executor).operation(serially=serially)
    try:
        wait = running.send(None)  # to the end, or to where it wants a loop
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    return _rest(running, wait)


async def _rest(running: Coroutine[Any, Any, ExecutionResult], wait: Any) -> ExecutionResult:
    try:
        if wait is None:  # it only wanted a loop: here it has one, without waiting for the next turn
            wait = running.send(None)
    except StopIteration as stop:
        result: ExecutionResult = stop.value
        return result
    waited: ExecutionResult = await StartedCoroutine(running, wait)
    return waited
